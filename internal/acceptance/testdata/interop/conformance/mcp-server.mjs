// An API that speaks MCP, and its authorization server, both of the SDK: with sessions, as most are today, or
// without. It prints the API's address. The authorization server signs every visitor in, without a question.
//
//	node mcp-server.mjs stateful|stateless
import { randomBytes, randomUUID } from "node:crypto";
import express from "express";
import { mcpAuthRouter, getOAuthProtectedResourceMetadataUrl } from "@modelcontextprotocol/sdk/server/auth/router.js";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";

const stateful = process.argv[2] === "stateful";
const app = express();
const listening = app.listen(0, "127.0.0.1", () => {
  const origin = `http://localhost:${listening.address().port}`, api = new URL(`${origin}/mcp`);
  const clients = new Map(), codes = new Map(), tokens = new Map(), sessions = new Map();
  const issue = (client, scopes, resource) => {
    const token = randomBytes(24).toString("base64url"), refresh = randomBytes(24).toString("base64url");
    tokens.set(token, { token, clientId: client.client_id, scopes, expiresAt: Math.floor(Date.now() / 1000) + 600, resource });
    return { access_token: token, token_type: "bearer", expires_in: 600, scope: scopes.join(" "), refresh_token: refresh };
  };
  const provider = {
    clientsStore: {
      getClient: (id) => clients.get(id),
      registerClient: (client) => (clients.set(client.client_id, client), client),
    },
    async authorize(client, params, res) {
      if (params.resource?.href !== api.href) throw new Error("the resource is not this API");
      const code = randomUUID(), to = new URL(params.redirectUri);
      codes.set(code, { client, params });
      to.searchParams.set("code", code);
      to.searchParams.set("state", params.state);
      res.redirect(to.href);
    },
    challengeForAuthorizationCode: async (_, code) => codes.get(code).params.codeChallenge,
    async exchangeAuthorizationCode(client, code, verifier, redirectUri, resource) {
      const { params } = codes.get(code);
      codes.delete(code);
      if (resource?.href !== api.href) throw new Error("the resource is not this API");
      return issue(client, params.scopes ?? [], resource);
    },
    exchangeRefreshToken: async (client, _, scopes, resource) => issue(client, scopes ?? [], resource),
    async verifyAccessToken(token) {
      if (!tokens.has(token)) throw new InvalidTokenError("unknown token");
      return tokens.get(token);
    },
  };
  app.use(mcpAuthRouter({ provider, issuerUrl: new URL(origin), baseUrl: new URL(origin), resourceServerUrl: api, scopesSupported: ["notes"], resourceName: "Notes" }));
  app.use("/mcp", requireBearerAuth({ verifier: provider, requiredScopes: ["notes"], resourceMetadataUrl: getOAuthProtectedResourceMetadataUrl(api) }));
  app.post("/mcp", express.json(), async (req, res) => {
    let transport = sessions.get(req.headers["mcp-session-id"]);
    if (!transport) {
      transport = new StreamableHTTPServerTransport({ sessionIdGenerator: stateful ? randomUUID : undefined, onsessioninitialized: (id) => sessions.set(id, transport) });
      const server = new McpServer({ name: "notes", version: "1" });
      server.registerTool("list-notes", { description: "all notes" }, async () => ({ content: [{ type: "text", text: "one note" }] }));
      await server.connect(transport);
    }
    await transport.handleRequest(req, res, req.body);
  });
  app.get("/mcp", (_, res) => res.sendStatus(405));
  console.log(api.href);
});
