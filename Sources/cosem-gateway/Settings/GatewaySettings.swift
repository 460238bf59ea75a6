// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Configuration
import GatewayCore
import Logging
import MQTTPublishing
import MeterTransport
import SettingsKit

/// The settings of `serve`, each from its strongest source: flag, then `COSEM_GATEWAY_*`, then file, then default.
struct GatewaySettings: Sendable {
    /// What each setting was said to be, and where.
    private(set) var sources: SettingsSources
    /// Where HTTP listens.
    var listen: ListenAddress
    /// Where meters, channels and jobs are kept.
    var database: DatabaseLocation
    /// Connections to a database server that transactions use at most.
    var databaseConnections: Int
    /// The file with the key that seals secrets in the database.
    var secretKeyFile: String
    /// Whether callers need credentials.
    var requiresCredentials: Bool
    /// Which tokens of an issuer are taken, and what bounds callers.
    var access: AccessSettings
    /// The least level that is logged.
    var logLevel: Logger.Level
    /// What lines of the log look like.
    var logFormat: LogFormat
    /// Loop threads of the HTTP server, 1 or more.
    var httpLoops: Int
    /// Connections the HTTP server holds at once.
    var httpConnections: Int
    /// Callers that may follow streams of events at once.
    var eventStreams: Int
    /// How many connections to meters may begin in a second; nil does not limit them.
    var meterConnectionRate: Int?
    /// After how many failures in a row a meter or a line is left alone for a while; 0 never does.
    var breakerFailures: Int
    /// Who this gateway is among those that share its database.
    var node: NodeSettings
    /// How many days finished jobs are kept.
    var jobRetentionDays: Int
    /// How eagerly gaps in profiles are filled.
    var recovery: RecoveryService.Settings
    /// How long a stop waits for what is under way, seconds.
    var shutdownGraceSeconds: Int
    /// How long events are kept, days.
    var eventRetentionDays: Int
    /// How long readings are kept, days.
    var readingRetentionDays: Int
    /// Whether rows that are all stored are told without asking the meter.
    var storedRowsAreFinal: Bool
    /// Whether schedules may switch supply.
    var allowsRecurringOrders: Bool
    /// Where meters connect to the gateway; nil = nowhere.
    var dialIn: DialInSettings?
    /// Where meters push to; nil = nowhere.
    var push: PushSettings?
    /// What is believed of what they push.
    var pushPolicy: PushPolicy
    /// What keeps orders that switch supply in bounds.
    var orders: OrderSettings
    /// The broker that is published to; nil = none.
    var mqtt: MQTTSettings?
    /// How webhooks are called.
    var webhooks: WebhookSettings
    /// Of how many meters `/metrics` tells the newest readings; 0 = of none.
    var metersInMetrics: Int

    /// Resolves every setting.
    ///
    /// - Parameters:
    ///   - flags: What the command line said, by the key of the setting; nil where it said nothing.
    ///   - file: The path of a YAML file, or nil.
    /// - Throws: `SettingsError`.
    static func resolve(flags: [String: String?], file: String?) async throws -> GatewaySettings {
        try GatewaySettings(sources(flags: flags, file: file))
    }

    /// What every source says, before it is understood.
    static func sources(flags: [String: String?], file: String?) -> SettingsSources {
        SettingsSources(
            GatewayCatalogue.catalogue,
            flags: flags,
            environment: ProcessEnvironment.variables,
            file: file ?? ProcessEnvironment.variables["COSEM_GATEWAY_CONFIG"]
        )
    }

    /// Understands what the sources say.
    ///
    /// - Throws: `SettingsError`, with the place of everything that cannot be used.
    init(_ sources: SettingsSources) throws {
        self = try Self.understood(sources)
    }

    private static func understood(_ sources: SettingsSources) throws -> GatewaySettings {
        var faults = sources.faults
        var rest = sources
        while true {
            do {
                let settings = try GatewaySettings(understanding: rest)
                guard faults.isEmpty else { throw SettingsError.faults(faults) }
                return settings
            } catch let error as SettingsError {
                guard let key = error.key(in: rest), case .faults(let more) = error.placed(by: rest) else {
                    // What is missing may be what was left out.
                    throw faults.isEmpty ? error : SettingsError.faults(faults)
                }
                faults += more
                // What else is wrong shows without it.
                rest.leaveOut(key)
            }
        }
    }

    private init(understanding sources: SettingsSources) throws {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for (key, value) in sources.values {
            values[AbsoluteConfigKey(key.split(separator: ".").map(String.init))] = ConfigValue(
                .string(value.text),
                isSecret: sources.catalogue.setting(key)?.isSecret ?? true
            )
        }
        try self.init(sources, ConfigReader(providers: [InMemoryProvider(name: "settings", values: values)]))
    }

    /// The URL of the gateway when it listens on an address.
    func base(_ address: ListenAddress) -> String {
        "\(access.tls == nil ? "http" : "https")://\(address)\(access.basePath)"
    }

    /// The settings that differ and that only a restart takes.
    func differences(from other: GatewaySettings) -> [String] {
        let keys = sources.catalogue.settings.filter { setting in
            !setting.isReloadable && sources.values[setting.key]?.text != other.sources.values[setting.key]?.text
        }
        .map(\.key)
        // One certificate can be exchanged for another, but a listener does not change what it speaks.
        return keys + ((access.tls == nil) == (other.access.tls == nil) ? [] : ["tls.certificate"])
    }

    private init(_ sources: SettingsSources, _ reader: ConfigReader) throws {
        self.sources = sources
        let listenText = reader.string(forKey: "listen", default: "127.0.0.1:8080")
        guard let listen = ListenAddress(listenText) else {
            throw SettingsError.invalid(
                option: "listen",
                value: listenText,
                hint: "write ADDRESS:PORT, for example 127.0.0.1:8080 or [::1]:8080"
            )
        }
        self.listen = listen
        database = try DatabaseLocation(reader.string(forKey: "database", default: DatabaseLocation.usual))
        databaseConnections = try Self.positive(reader, "database.connections", default: 8)
        guard let keyFile = reader.string(forKey: "secretKeyFile") ?? database.usualKeyFile, !keyFile.isEmpty else {
            throw SettingsError.missing(
                option: "secret-key-file",
                hint: "a PostgreSQL database needs a file with the key of its secrets; it is made when there is none, "
                    + "and every gateway on the database needs a copy of it"
            )
        }
        secretKeyFile = keyFile
        let auth = reader.string(forKey: "auth", default: "required")
        guard let choice = CredentialChoice(rawValue: auth) else {
            throw SettingsError.invalid(option: "auth", value: auth, hint: "choose one of required, none")
        }
        requiresCredentials = choice == .required
        access = try AccessSettings(reader)
        let insecure = reader.string(forKey: "insecure", default: "false") == "true"
        guard requiresCredentials || listen.isLoopback || insecure else { throw SettingsError.openAddress(listen) }
        let levelText = reader.string(forKey: "log.level", default: "info")
        guard let level = Logger.Level(rawValue: levelText) else {
            throw SettingsError.invalid(
                option: "log-level",
                value: levelText,
                hint: "choose one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))"
            )
        }
        logLevel = level
        logFormat = LogFormat(rawValue: reader.string(forKey: "log.format", default: "auto")) ?? .auto
        jobRetentionDays = try Self.positive(reader, "jobs.retention", default: 30)
        let usual = RecoveryService.Settings()
        recovery = RecoveryService.Settings(
            interval: .seconds(try Self.positive(reader, "recovery.interval", default: 60)),
            mostMeters: try Self.positive(reader, "recovery.meters", default: usual.mostMeters),
            dayGrace: usual.dayGrace,
            pause: .seconds(try Self.positive(reader, "recovery.pause", default: 3600))
        )
        httpLoops = try Self.positive(reader, "http.loops", default: 1)
        httpConnections = try Self.positive(reader, "http.connections", default: 2000)
        eventStreams = try Self.positive(reader, "http.eventStreams", default: 200)
        let rate = try reader.number("meters.connectionRate", from: 0, default: 0)
        meterConnectionRate = rate == 0 ? nil : rate
        breakerFailures = try reader.number("breaker.failures", from: 0, default: 5)
        eventRetentionDays = try Self.positive(reader, "events.retention", default: 90)
        readingRetentionDays = try Self.positive(reader, "readings.retention", default: 400)
        let rows = reader.string(forKey: "storedRows", default: "final")
        guard ["final", "on-request"].contains(rows) else {
            throw SettingsError.invalid(option: "stored-rows", value: rows, hint: "choose one of final, on-request")
        }
        storedRowsAreFinal = rows == "final"
        allowsRecurringOrders = reader.string(forKey: "orders.allowRecurring", default: "false") == "true"
        dialIn = try DialInSettings.resolve(reader)
        push = try PushSettings.resolve(reader)
        pushPolicy = try PushPolicy.resolve(reader)
        orders = try OrderSettings.resolve(reader, holdFile: database.holdFile)
        let mostMeters = try Self.positive(reader, "metrics.maxMeters", default: 1000)
        metersInMetrics = reader.string(forKey: "metrics.perMeter", default: "false") == "true" ? mostMeters : 0
        webhooks = WebhookSettings(reader)
        node = try NodeSettings(reader, listen: listen)
        mqtt = try MQTTSettings.resolve(reader, node: node.name)
        shutdownGraceSeconds = try Self.positive(reader, "shutdown.grace", default: 30)
    }

    private enum CredentialChoice: String {
        case required
        case none
    }

    private static func positive(_ reader: ConfigReader, _ key: ConfigKey, default fallback: Int) throws -> Int {
        try reader.number(key, from: 1, default: fallback)
    }
}
