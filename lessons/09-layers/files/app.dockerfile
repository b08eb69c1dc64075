FROM base:1
COPY app.txt /
CMD ["cat", "/app.txt"]
