// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import Logging
import MicroHTTPServer
import UnixSignals

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

    @Option(help: .setting("listen"))
    var listen: String?

    @Option(help: .setting("database"))
    var database: String?

    @Option(help: .setting("database.connections"))
    var databaseConnections: String?

    @Option(help: .setting("secretKeyFile"))
    var secretKeyFile: String?

    @Option(help: .setting("auth"))
    var auth: String?

    @Flag(help: .setting("insecure"))
    var insecure = false

    @Option(help: .setting("log.level"))
    var logLevel: String?

    @Option(help: .setting("log.format"))
    var logFormat: String?

    @Option(help: .setting("http.loops"))
    var httpLoops: String?

    @Option(help: .setting("http.connections"))
    var httpConnections: String?

    @Option(help: .setting("http.eventStreams"))
    var httpEventStreams: String?

    @Option(help: .setting("meters.connectionRate"))
    var metersConnectionRate: String?

    @Option(help: .setting("breaker.failures"))
    var breakerFailures: String?

    @Option(help: .setting("events.retention"))
    var eventsRetention: String?

    @Option(help: .setting("readings.retention"))
    var readingsRetention: String?

    @Option(help: .setting("storedRows"))
    var storedRows: String?

    @Flag(help: .setting("orders.allowRecurring"))
    var ordersAllowRecurring = false

    @Flag(help: .setting("metrics.perMeter"))
    var metricsPerMeter = false

    @Option(help: .setting("metrics.maxMeters"))
    var metricsMaxMeters: String?

    @OptionGroup(title: "Who may")
    var access: AccessOptions

    @OptionGroup(title: "Several gateways on one database")
    var node: NodeOptions

    @Option(help: .setting("jobs.retention"))
    var jobsRetention: String?

    @Option(help: .setting("shutdown.grace"))
    var shutdownGrace: String?

    @OptionGroup(title: "Meters that connect to the gateway")
    var dialIn: DialInOptions

    @OptionGroup(title: "Meters that push")
    var push: PushOptions

    @OptionGroup(title: "Webhooks")
    var webhooks: WebhookOptions

    @OptionGroup(title: "MQTT")
    var mqtt: MQTTOptions

    /// What the command line said, by the keys of the settings.
    var flags: [String: String?] {
        [
            "listen": listen, "database": database, "database.connections": databaseConnections,
            "secretKeyFile": secretKeyFile, "auth": auth, "insecure": insecure ? "true" : nil,
            "orders.allowRecurring": ordersAllowRecurring ? "true" : nil,
            "log.level": logLevel, "log.format": logFormat, "http.loops": httpLoops,
            "http.connections": httpConnections, "http.eventStreams": httpEventStreams,
            "meters.connectionRate": metersConnectionRate, "breaker.failures": breakerFailures,
            "events.retention": eventsRetention, "readings.retention": readingsRetention,
            "storedRows": storedRows,
            "metrics.perMeter": metricsPerMeter ? "true" : nil, "metrics.maxMeters": metricsMaxMeters,
            "shutdown.grace": shutdownGrace, "jobs.retention": jobsRetention,
        ].merging(dialIn.flags) { flag, _ in flag }.merging(push.flags) { flag, _ in flag }
            .merging(node.flags) { flag, _ in flag }.merging(webhooks.flags) { flag, _ in flag }
            .merging(access.flags) { flag, _ in flag }
            .merging(mqtt.flags) { flag, _ in flag }
    }

    func run() async throws {
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        let settings = try await GatewaySettings.resolve(flags: flags, file: config)
        let logs = LogBook(level: settings.logLevel, format: settings.logFormat)
        let logger = logs.logger()
        var report = StartReport(settings: settings, warnings: settings.sources.warnings)
        let limit = FileDescriptorLimit.raise()
        if let warning = limit.warning(
            needed: settings.httpConnections + 1000 + (settings.dialIn?.mostCallers ?? 0)
                + (settings.push?.mostConnections ?? 0)
        ) {
            report.warnings.append(warning)
        }
        // Before anything is made: a port in use leaves no trace.
        let sockets =
            try ServiceManager.sockets(settings)
            ?? ServerSockets(
                host: settings.listen.host,
                port: settings.listen.port,
                count: settings.httpLoops
            )
        let persistence = try GatewayProcess.Persistence.open(settings)
        report.warnings += persistence.warnings
        let process = try await GatewayProcess(
            settings: settings,
            sockets: sockets,
            persistence: persistence,
            logs: logs
        )
        let address = ListenAddress(host: settings.listen.host, port: try process.start())
        let base = settings.base(address)
        if settings.requiresCredentials, let key = try await process.gateway.makeFirstAPIKey() {
            Terminal.tell(
                """
                A key for the administrator, which is not shown again:
                  \(key.exposedText)
                  curl -H 'Authorization: Bearer \(key.exposedText)' \(base)/whoami
                More keys: cosem-gateway key create --help, or POST /api-keys
                """
            )
        }
        let (flags, config) = (flags, config)
        try await process.run(
            besides: [
                StartAnnouncement(report: report, address: address, gateway: process.gateway, logger: logger),
                Watchdog(),
                SettingsReload(
                    hangups: hangups,
                    settings: settings,
                    logLevels: logs.levels,
                    resolve: { try await GatewaySettings.resolve(flags: flags, file: config) },
                    followers: [{ await process.follow($0) }, { process.standing.follow($0) }],
                    logger: logger
                ),
            ]
        )
    }
}
