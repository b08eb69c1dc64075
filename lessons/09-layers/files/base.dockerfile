FROM practice-os
COPY one.txt /
RUN date > /built.txt && echo two > /two.txt && mkdir /three
ENV COLOUR=red
