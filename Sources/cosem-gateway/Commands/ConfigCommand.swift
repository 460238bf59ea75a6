// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import JSONText
import SettingsKit

/// Looks at settings without starting anything.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check settings, show what is in force and where it comes from.",
        subcommands: [Check.self, Show.self, Schema.self, Reference.self]
    )

    /// Finds everything that is wrong.
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Check the settings that serve would start with; exit 2 if it would not.",
            usage: "cosem-gateway config check [--config <file>] [<options of serve>]",
            discussion: """
                Takes the options of serve, and reads the same file and environment. Everything that is wrong is told \
                with its line and column.
                Examples:
                  cosem-gateway config check --config /etc/cosem-gateway/cosem-gateway.yaml
                """
        )

        @OptionGroup var serve: ServeCommand

        func run() async throws {
            let sources = GatewaySettings.sources(flags: serve.flags, file: serve.config)
            for warning in sources.warnings { Terminal.tell("warning: \(warning)") }
            _ = try GatewaySettings(sources)
            print("the settings are sound: \(sources.values.count) set, the others have their defaults")
        }
    }

    /// Shows every value.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract: "Show the settings that serve would start with, secrets masked.",
            usage: "cosem-gateway config show [--origin] [--config <file>] [<options of serve>]",
            discussion: """
                Takes the options of serve. What is shown is a file that could be given to --config.
                Examples:
                  cosem-gateway config show --origin
                  cosem-gateway config show --config gateway.yaml --listen 127.0.0.1:9000
                """
        )

        @OptionGroup var serve: ServeCommand

        @Flag(help: "Say where each value comes from.")
        var origin = false

        func run() async throws {
            let sources = GatewaySettings.sources(flags: serve.flags, file: serve.config)
            guard sources.faults.isEmpty else { throw SettingsError.faults(sources.faults) }
            print(SettingsSheet(sources: sources, tellsOrigin: origin).text, terminator: "")
        }
    }

    /// Prints the schema of the file.
    struct Schema: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "schema",
            abstract: "Print the JSON Schema of the file of settings, for editors.",
            discussion: """
                Example:
                  cosem-gateway config schema > cosem-gateway.schema.json
                and in the first line of the file:
                  # yaml-language-server: $schema=cosem-gateway.schema.json
                """
        )

        func run() throws {
            var writer = JSONWriter()
            GatewayCatalogue.catalogue.writeSchema(to: &writer)
            print(String(decoding: writer.octets, as: UTF8.self))
        }
    }

    /// Prints the documentation of the settings.
    struct Reference: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reference",
            abstract: "Print what every setting is for, with its default."
        )

        @Flag(help: "Tables of Markdown instead of text.")
        var markdown = false

        func run() throws {
            let catalogue = GatewayCatalogue.catalogue
            print(markdown ? catalogue.markdown : catalogue.plainText, terminator: "")
        }
    }
}
