// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import Glibc
import JSONText
import SettingsKit

/// The command line: each subcommand is one file beside this one.
@main
struct CosemGateway: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cosem-gateway",
        abstract: "A gateway that shows DLMS/COSEM meters as HTTP/JSON resources.",
        discussion: """
            Examples:
              cosem-gateway demo
              cosem-gateway serve --database sqlite:///var/lib/gateway.sqlite
              cosem-gateway simulate --port 4059 --count 10
              cosem-gateway decode C001C1000100002B0100FF0200
              cosem-gateway read M-1001 1.0.1.8.0.255
              cosem-gateway profile M-1001 1.0.99.1.0.255 --last P1D > day.csv
            Commands that talk to a running gateway take --gateway and the API key in \
            COSEM_GATEWAY_KEY, and end with 0 done, 1 failed, 2 wrong usage, 3 done in \
            part, 4 not allowed, 5 meter not reached.
            """,
        version: Version.text,
        subcommands: [
            ServeCommand.self, DemoCommand.self, SimulateCommand.self, DecodeCommand.self, OpenAPICommand.self,
            PreviewScheduleCommand.self,
            HealthCheckCommand.self, ConfigCommand.self, ImportReadoutCommand.self, ImportMetersCommand.self,
            AuditCommand.self, KeyCommand.self, MeterCommand.self, ReadCommand.self, ProfileCommand.self,
            OrderCommand.self, JobsCommand.self, BackupCommand.self, RestoreCommand.self,
        ]
    )

    /// The exit code of wrong usage, the same in every subcommand.
    private static let usage: Int32 = 2

    /// Runs the subcommand that the arguments name.
    static func main() async {
        let words = Array(CommandLine.arguments.dropFirst())
        if words.first == "help", let unknown = unknownSubcommand(in: words.dropFirst()) {
            Terminal.tell("Error: there is no subcommand '\(unknown.word)'")
            if let meant = unknown.meant { Terminal.tell("Did you mean '\(meant)'?") }
            Glibc.exit(usage)
        }
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            if let error = error as? SettingsError {
                Terminal.tell("\(error)")
                Glibc.exit(usage)
            }
            let code = exitCode(for: error)
            guard code == .validationFailure else {
                guard code == .success, !(error is ExitCode) else { exit(withError: error) }
                print(folded(fullMessage(for: error)))
                Glibc.exit(0)
            }
            Terminal.tell(folded(fullMessage(for: error)))
            if let meant = unknownSubcommand(in: words[...])?.meant { Terminal.tell("Did you mean '\(meant)'?") }
            for setting in settingsWithoutOption(in: words) {
                Terminal.tell(
                    "\(setting.key) has no option: set \(setting.variable), or \(setting.key) in the file of --config."
                )
            }
            Glibc.exit(usage)
        }
    }

    /// The parser's text with its line of usage broken to fit 80 columns, and without `serve` in the path of `config`,
    /// whose subcommands take the options of that command.
    private static func folded(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard line.count > 80, line.lowercased().hasPrefix("usage:") else { return String(line) }
            var lines = [""]
            for word in line.split(separator: " ") {
                let last = lines[lines.count - 1]
                if last.count + 1 + word.count > 80 { lines.append("      ") }
                lines[lines.count - 1] += (lines[lines.count - 1].isEmpty ? "" : " ") + word
            }
            return lines.joined(separator: "\n")
        }.joined(separator: "\n").replacing("'cosem-gateway config serve ", with: "'cosem-gateway config ")
    }

    /// The first word that is no subcommand where one has to be, and what it was most likely meant to be.
    private static func unknownSubcommand(in words: ArraySlice<String>) -> (word: String, meant: String?)? {
        var commands = configuration.subcommands
        for word in words {
            // What follows a subcommand without any of its own are its arguments.
            guard !commands.isEmpty, !word.hasPrefix("-") else { return nil }
            guard let known = commands.first(where: { $0.configuration.commandName == word }) else {
                return (word, nearest(word, in: commands.compactMap { $0.configuration.commandName }))
            }
            commands = known.configuration.subcommands
        }
        return nil
    }

    /// Settings that were given like options and that only file and environment take.
    private static func settingsWithoutOption(in words: [String]) -> [Setting] {
        guard ["serve", "config"].contains(words.first) else { return [] }
        let options = words.filter { $0.hasPrefix("--") }.map { String($0.prefix { $0 != "=" }) }
        return GatewayCatalogue.catalogue.settings.filter { !$0.hasFlag && options.contains($0.flag) }
    }
}
