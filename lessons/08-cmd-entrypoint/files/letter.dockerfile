FROM practice-os
ENDPOINT ["echo", "Dear"]
CMD ['reader']
