// Reads Markdown on standard input and parses each Mermaid diagram in it, with Mermaid's own parser.
import mermaid from "mermaid";
import { readFileSync } from "node:fs";

const diagrams = [...readFileSync(0, "utf8").matchAll(/^```mermaid\n([\s\S]*?)^```$/gm)].map((match) => match[1]);
if (diagrams.length === 0) throw new Error("there is no diagram");
for (const text of diagrams) {
  await mermaid.parse(text); // throws when it is none
  const diagram = await mermaid.mermaidAPI.getDiagramFromText(text);
  const said = diagram.db.getMessages().filter((message) => message.from && message.to).length;
  console.log(`${diagram.type} ${said}`);
}
