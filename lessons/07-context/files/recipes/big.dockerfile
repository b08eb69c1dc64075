FROM practice-os
COPY . /card
CMD ["cat", "/card/hello.txt"]
