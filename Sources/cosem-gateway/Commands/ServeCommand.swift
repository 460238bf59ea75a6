// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import Logging

/// Runs the gateway.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the gateway until SIGTERM or SIGINT.",
        discussion: """
            Every option can also be set as COSEM_GATEWAY_*, for example COSEM_GATEWAY_LISTEN, or in the YAML file of \
            --config. A flag wins over the environment, the environment over the file.
            """
    )

    @Option(help: "A YAML file of settings.")
    var config: String?

    @Option(help: "ADDRESS:PORT to listen on. (default: 127.0.0.1:8080)")
    var listen: String?

    @Option(
        help: """
            sqlite:///PATH, or postgres://USER:PASSWORD@HOST:PORT/NAME; a password is better kept in PGPASSFILE or \
            COSEM_GATEWAY_DATABASE than on the command line. (default: sqlite://./cosem-gateway.sqlite)
            """
    )
    var database: String?

    @Option(help: "Connections to a PostgreSQL server for transactions. (default: 8)")
    var databaseConnections: String?

    @Option(
        help: "The file with the key of the secrets, made if there is none; PostgreSQL needs it. (default: PATH.key)"
    )
    var secretKeyFile: String?

    @Option(help: "required: callers need an API key; none: everybody may do everything. (default: required)")
    var auth: String?

    @Flag(help: "With --auth none: listen on an address that others can reach all the same.")
    var insecure = false

    @Option(help: "trace, debug, info, notice, warning, error or critical. (default: info)")
    var logLevel: String?

    @Option(help: "Loop threads of the HTTP server. (default: 1)")
    var httpLoops: String?

    @Option(help: "HTTP connections held at once. (default: 1000)")
    var httpConnections: String?

    @Option(help: "New connections to meters in a second at most; 0 = no limit. (default: 0)")
    var metersConnectionRate: String?

    @Option(help: "Failures in a row after which a meter or a line is left alone for a while; 0 = never. (default: 5)")
    var breakerFailures: String?

    @Option(help: "Days that events are kept. (default: 90)")
    var eventsRetention: String?

    @Option(help: "Days that readings and profile rows are kept. (default: 400)")
    var readingsRetention: String?

    @Option(
        help: "Whether rows that are all stored are told from the store: final, or on-request only. (default: final)"
    )
    var storedRows: String?

    @Flag(help: "Let schedules disconnect and reconnect customers.")
    var ordersAllowRecurring = false

    @Flag(help: "Tell the newest readings of single meters in /metrics.")
    var metricsPerMeter = false

    @Option(help: "Of how many meters at most. (default: 1000)")
    var metricsMaxMeters: String?

    @OptionGroup(title: "Several gateways on one database")
    var node: NodeOptions

    @Option(help: "Days that finished jobs are kept. (default: 30)")
    var jobsRetention: String?

    @Option(help: "Seconds a stop waits for what is under way. (default: 30)")
    var shutdownGrace: String?

    @OptionGroup(title: "Meters that connect to the gateway")
    var dialIn: DialInOptions

    @OptionGroup(title: "Meters that push")
    var push: PushOptions

    @OptionGroup(title: "Webhooks")
    var webhooks: WebhookOptions

    func run() async throws {
        let settings = try await GatewaySettings.resolve(
            flags: [
                "listen": listen, "database": database, "database.connections": databaseConnections,
                "secret.key.file": secretKeyFile, "auth": auth, "insecure": insecure ? "true" : nil,
                "orders.allowRecurring": ordersAllowRecurring ? "true" : nil,
                "log.level": logLevel, "http.loops": httpLoops, "http.connections": httpConnections,
                "meters.connection.rate": metersConnectionRate, "breaker.failures": breakerFailures,
                "events.retention": eventsRetention, "readings.retention": readingsRetention,
                "stored.rows": storedRows,
                "metrics.perMeter": metricsPerMeter ? "true" : nil, "metrics.maxMeters": metricsMaxMeters,
                "shutdown.grace": shutdownGrace, "jobs.retention": jobsRetention,
            ].merging(dialIn.flags) { flag, _ in flag }.merging(push.flags) { flag, _ in flag }
                .merging(node.flags) { flag, _ in flag }.merging(webhooks.flags) { flag, _ in flag },
            file: config
        )
        let logger = Terminal.logger(level: settings.logLevel)
        let limit = FileDescriptorLimit.raise()
        if let warning = limit.warning(
            needed: settings.httpConnections + 1000 + (settings.dialIn?.mostCallers ?? 0)
                + (settings.push?.mostConnections ?? 0)
        ) {
            logger.warning("\(warning)")
        }
        let process = try await GatewayProcess(
            settings: settings,
            persistence: .open(settings),
            logger: logger
        )
        let address = ListenAddress(host: settings.listen.host, port: try process.start())
        Terminal.tell("cosem-gateway \(Version.text) on http://\(address), contract at http://\(address)/openapi.yaml")
        if !settings.requiresCredentials {
            Terminal.tell("Callers need no key: whoever reaches \(address) reads and writes the meters.")
        } else if let key = try await process.gateway.makeFirstAPIKey() {
            Terminal.tell(
                """
                A key for the administrator, which is not shown again:
                  \(key.exposedText)
                  curl -H 'Authorization: Bearer \(key.exposedText)' http://\(address)/whoami
                More keys: cosem-gateway key create --help, or POST /api-keys
                """
            )
        }
        try await process.run()
    }
}
