// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser

/// Asks a gateway on this machine whether it is ready; for container health checks.
struct HealthCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Ask a running gateway for /readyz; exit 0 when it is ready.",
        discussion: """
            Asks by HTTP, and under TLS when that is what the gateway speaks. The certificate is not looked at: it is \
            for the name that callers use, and nothing secret is sent.
            """
    )

    @Option(help: "The address the gateway listens on.")
    var listen = "127.0.0.1:8080"

    @Option(help: "What stands before every path. (default: COSEM_GATEWAY_HTTP_BASE_PATH)")
    var basePath: String?

    func run() throws {
        guard let address = ListenAddress(listen) else {
            throw ValidationError("--listen: write ADDRESS:PORT, for example 127.0.0.1:8080")
        }
        let path = basePath ?? ProcessEnvironment.variables["COSEM_GATEWAY_HTTP_BASE_PATH"] ?? ""
        let base = path.split(separator: "/").map { "/" + $0 }.joined()
        // A gateway that speaks TLS ends a connection in clear without an answer.
        for trust in [GatewayConnection.Trust.clear, .anybody] {
            let connection = GatewayConnection(address.description, trust: trust, patience: 2, key: nil)
            guard let answer = try? connection?.send("GET", base + "/readyz") else { continue }
            if answer.status == 200 { return }
            break
        }
        Terminal.tell("no gateway is ready at \(address.description)")
        throw ExitCode.failure
    }
}
