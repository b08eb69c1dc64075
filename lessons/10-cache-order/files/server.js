// A tiny shop.
const greeting = "Welcome to the shop";
console.log(greeting);
