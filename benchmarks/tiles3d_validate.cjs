// Reads names of glb files from stdin, one a line, and prints how many Khronos' validator finds wrong.
// Usage: node tiles3d_validate.cjs PATH/gltf-validator/index.js
const validator = require(process.argv[2]);
const fs = require('fs');
(async () => {
  let invalid = 0, files = 0;
  for (const name of fs.readFileSync(0, 'utf8').split('\n').filter((line) => line)) {
    const report = await validator.validateBytes(new Uint8Array(fs.readFileSync(name)), { maxIssues: 20 });
    files += 1;
    if (report.issues.numErrors) {
      invalid += 1;
      console.error(name, JSON.stringify(report.issues.messages));
    }
  }
  console.log(JSON.stringify({ files, invalid }));
})();
