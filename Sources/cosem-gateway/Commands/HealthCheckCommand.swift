// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser

/// Asks a gateway on this machine whether it is ready; for container health checks.
struct HealthCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Ask a running gateway for /readyz; exit 0 when it is ready."
    )

    @Option(help: "The address the gateway listens on.")
    var listen = "127.0.0.1:8080"

    func run() throws {
        guard let address = ListenAddress(listen) else {
            throw ValidationError("--listen: write ADDRESS:PORT, for example 127.0.0.1:8080")
        }
        let connection = GatewayConnection(address.description, patience: 5)
        guard let answer = try? connection?.send("GET", "/readyz"), answer.status == 200 else {
            throw ExitCode.failure
        }
    }
}
