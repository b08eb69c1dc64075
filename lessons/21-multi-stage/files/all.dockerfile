FROM practice-node
WORKDIR /app
COPY . .
RUN npm install && npm run build
CMD ["cat", "dist/page.html"]
