FROM practice-os
RUN mkdir /test \
    dd if=/dev/zero of=/test/dummy bs=1M count=10 \
    rm /test/dummy
