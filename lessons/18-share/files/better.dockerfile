FROM practice-os
RUN echo "A better hello from a friend" > /hello.txt
CMD ["cat", "/hello.txt"]
