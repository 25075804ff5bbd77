// Validates the HAR file on standard input against the HAR 1.2 schema.
const { har } = require("har-validator");
let text = "";
process.stdin.on("data", (chunk) => { text += chunk; });
process.stdin.on("end", () => {
  har(JSON.parse(text)).then(() => console.log("ok"), (error) => {
    console.log(JSON.stringify(error.errors, null, 2));
    process.exit(1);
  });
});
