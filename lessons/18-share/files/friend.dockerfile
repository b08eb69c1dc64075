FROM practice-os
RUN echo "Hello from a friend" > /hello.txt
CMD ["cat", "/hello.txt"]
