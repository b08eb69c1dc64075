FROM practice-os
CMD ['echo', 'hi there']
