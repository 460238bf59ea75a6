// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import Glibc

/// The command line: each subcommand is one file beside this one.
@main
struct CosemGateway: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cosem-gateway",
        abstract: "A gateway that shows DLMS/COSEM meters as HTTP/JSON resources.",
        discussion: """
            Examples:
              cosem-gateway demo
              cosem-gateway serve --listen 127.0.0.1:8080 --database sqlite:///var/lib/cosem-gateway/gateway.sqlite
              cosem-gateway simulate --port 4059 --count 10
              cosem-gateway decode C001C1000100002B0100FF0200
            """,
        version: Version.text,
        subcommands: [
            ServeCommand.self, DemoCommand.self, SimulateCommand.self, DecodeCommand.self, OpenAPICommand.self,
            PreviewScheduleCommand.self,
            HealthCheckCommand.self, ImportReadoutCommand.self, ImportMetersCommand.self, AuditCommand.self,
            KeyCommand.self,
        ]
    )

    /// The exit code of wrong usage, the same in every subcommand.
    private static let usage: Int32 = 2

    /// Runs the subcommand that the arguments name.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            Terminal.tell(fullMessage(for: error))
            Glibc.exit(usage)
        }
    }
}
