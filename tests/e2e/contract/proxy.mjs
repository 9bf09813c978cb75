// A validating proxy: stands between any client and a server, hands everything on as it comes, and holds it
// against the contract: which operation a request means, whether one that succeeds is as documented, and
// whether every answer is.
import { createServer, request as httpRequest } from "node:http";

const pattern = (path, loose) => new RegExp(`^${path.replace(/[.+]/g, "\\$&").replace(/\{\w+\}$/, loose ? "(.+)" : "([^/]+)").replace(/\{\w+\}/g, "([^/]+)")}$`);

export class ValidatingProxy {
  // `told` gets a sentence for everything that is not as the contract says.
  static async start(contract, base, told) {
    const proxy = new ValidatingProxy();
    proxy.contract = contract;
    proxy.upstream = new URL(base);
    proxy.told = told;
    proxy.server = createServer((request, response) => proxy.pass(request, response));
    proxy.server.requestTimeout = proxy.server.headersTimeout = 0; // time limits are the server's
    await new Promise((resolve) => proxy.server.listen(0, "127.0.0.1", resolve));
    proxy.base = `http://127.0.0.1:${proxy.server.address().port}`;
    return proxy;
  }

  // Fixed words before parameters: /api/videos/mine is no video's id.
  operationOf(method, path) {
    const fitting = (loose) => [...this.contract.operations.values()]
      .filter((operation) => operation.method === method && pattern(operation.path, loose).test(path))
      .sort((a, b) => a.path.split("{").length - b.path.split("{").length)[0];
    return fitting(false) ?? fitting(true); // an address with its prefix length holds a slash
  }

  pass(request, response) {
    const { pathname, searchParams } = new URL(request.url, this.upstream);
    const operation = this.operationOf(request.method, pathname);
    const told = (status, what) => this.told(`${operation?.operationId ?? `${request.method} ${pathname}`} ${status}: ${what}`);
    const sent = [], came = [];
    const onward = httpRequest(this.upstream, { method: request.method, path: request.url, headers: request.headers, localAddress: request.socket.remoteAddress, agent: false });
    request.on("data", (piece) => sent.push(piece));
    onward.flushHeaders(); // an answer may not wait for the body
    request.pipe(onward);
    request.on("close", () => request.complete || onward.destroy());
    response.on("close", () => response.writableFinished || onward.destroy());
    onward.on("error", () => response.headersSent || response.destroy()); // it may answer before all was sent, and close
    onward.on("response", (answer) => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.on("data", (piece) => { came.push(piece); response.write(piece); });
      answer.on("error", () => response.destroy());
      answer.on("end", () => {
        if (!operation) told(answer.statusCode, "no operation is at this address");
        else this.judge(operation, { query: Object.fromEntries(searchParams), headers: request.headers, body: sent.length ? Buffer.concat(sent) : undefined },
          { status: answer.statusCode, headers: answer.headers, body: Buffer.concat(came) }, told);
        response.end();
      });
    });
  }

  judge(operation, asked, answer, told) {
    const wrong = this.contract.judgeAnswer(operation, answer);
    if (wrong) told(answer.status, wrong);
    const unasked = answer.status < 300 ? this.contract.judgeRequest(operation, asked) : "";
    if (unasked) told(answer.status, `the request: ${unasked}`);
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}
