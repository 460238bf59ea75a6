// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import GatewayAPI
import GatewayCore
import Glibc
import HTTPCompression
import HTTPKit
import HTTPOutbound
import Jobs
import Logging
import MQTTPublishing
import MeterSessions
import MeterTransport
import MicroHTTPServer
import PostgreSQLDriver
import SQLStore
import SQLiteDriver
import ServiceLifecycle
import Timekeeping

/// The composition root: every value of the gateway, built in the order of dependency, and run as one service group.
struct GatewayProcess: Sendable {
    /// Where the gateway keeps what it must not forget, and the key that opens its secrets.
    struct Persistence {
        let database: any SQLDatabase
        let sealer: SecretSealer
        /// What keeps other gateways from the file, if it is one.
        var tenancy: SQLiteTenancy?
        /// What the operator should look at.
        var warnings: [String] = []

        /// The database of the settings, and its key file.
        ///
        /// - Throws: `SettingsError.database` when another gateway has it, `SQLError`, an error of the key file.
        static func open(_ settings: GatewaySettings) throws -> Persistence {
            switch settings.database {
            case .sqlite(let path):
                let tenancy = try tenancy(of: path, settings)
                // Beside gateways of this machine: the tools of SQLite, and those where the kernel has no locks.
                let isOpen = SQLiteBackup.isInUse(path)
                let sealer = try SecretSealer(creatingOrLoadingKeyFile: settings.secretKeyFile)
                var persistence = Persistence(database: try SQLiteDatabase(path: path), sealer: sealer)
                persistence.tenancy = tenancy
                if isOpen { persistence.warnings.append("Another process has \(path) open.") }
                return persistence
            case .postgreSQL(let address):
                return Persistence(
                    database: PostgreSQLDatabase(
                        PostgreSQLSettings(address: address, connections: settings.databaseConnections)
                    ),
                    sealer: try SecretSealer(creatingOrLoadingKeyFile: settings.secretKeyFile)
                )
            }
        }

        private static func tenancy(of path: String, _ settings: GatewaySettings) throws -> SQLiteTenancy {
            do throws(SQLiteTenancy.Refusal) {
                return try SQLiteTenancy(of: path, as: "node \(settings.node.name), process \(getpid())")
            } catch {
                throw SettingsError.database(path: path, error)
            }
        }

        /// A database that ends with the process, and a key that nobody keeps.
        static func volatile() throws -> Persistence {
            try Persistence(
                database: SQLiteDatabase.inMemory(),
                sealer: SecretSealer(key: Secret(RandomOctets.draw(32)))
            )
        }
    }

    /// The use cases.
    let gateway: Gateway
    /// The HTTP server; it listens once ``start()`` was called.
    let server: MicroHTTPServer

    private let sessions: MeterSessions
    private let custodian: CounterCustodian
    private let runner: JobRunner
    private let sweeper: JobSweeper
    private let network: MeterNetwork
    private let database: any SQLDatabase
    private let tenancy: SQLiteTenancy?
    private let dialIn: DialInSettings?
    private let publisher: MQTTPublisher?
    private let pushIntake: PushIntake?
    private let pushPolicy: PushPolicy
    private let shutdownGrace: Duration
    private let retention: Duration
    private let readingRetention: Duration
    private let recoverySettings: RecoveryService.Settings
    private let api: GatewayAPI
    private let certificates: CertificateWatch?
    private let issuerKeys: IssuerKeys?
    /// The settings that it works with.
    let standing: StandingSettings
    private let logs: LogBook
    private var logger: Logger { logs.logger() }

    /// Builds the gateway and brings its database to the present schema.
    ///
    /// - Parameter sockets: where HTTP listens from ``start()`` on; without them it makes its own then.
    init(
        settings: GatewaySettings,
        sockets: ServerSockets? = nil,
        persistence: Persistence,
        logs: LogBook
    ) async throws {
        self.logs = logs
        let standing = StandingSettings(settings)
        self.standing = standing
        database = persistence.database
        tenancy = persistence.tenancy
        dialIn = settings.dialIn
        publisher = try settings.mqtt.map { try MQTTPublisher($0) }
        pushIntake = settings.push.map { PushIntake(settings: $0, logger: logs.logger(.push)) }
        pushPolicy = settings.pushPolicy
        shutdownGrace = .seconds(settings.shutdownGraceSeconds)
        retention = .seconds(settings.eventRetentionDays * 86_400)
        readingRetention = .seconds(settings.readingRetentionDays * 86_400)
        recoverySettings = settings.recovery
        try await Migrator.migrate(database, now: SystemWallClock().now())
        let fleet = SQLFleetStore(database: database, sealer: persistence.sealer)
        try await fleet.checkSealingKey()
        let cluster = try await ClusterEntry(settings, fleet)
        let queue = JobQueue(store: SQLJobStore(database: database))
        network = MeterNetwork()
        let counters = SQLInvocationCounterStore(database: database)
        let systemTitle = try await counters.clientSystemTitle(orKeep: .drawn())
        custodian = CounterCustodian(store: counters, logger: logs.logger(.meters))
        sessions = MeterSessions(
            network: network,
            custody: custodian,
            tenure: cluster?.shares,
            options: .init(
                maxConnectionsPerSecond: settings.meterConnectionRate.map(Double.init),
                breaker: BreakerPolicy(failures: settings.breakerFailures)
            )
        )
        var gatewaySettings = Gateway.Settings(
            version: Version.text,
            systemTitle: systemTitle,
            storedRowsAreFinal: settings.storedRowsAreFinal,
            orders: settings.orders,
            node: settings.node.name,
            jobRetention: .seconds(settings.jobRetentionDays * 86_400)
        )
        gatewaySettings.allowsRecurringOrders = settings.allowsRecurringOrders
        gatewaySettings.allowsPlainWebhooks = settings.webhooks.allowsPlain
        gatewaySettings.metersInMetrics = settings.metersInMetrics
        gatewaySettings.eventStreams = settings.eventStreams
        gateway = Gateway(
            store: fleet,
            jobs: queue,
            access: sessions,
            custodian: custodian,
            pushIntake: pushIntake,
            courier: HTTPWebhookCourier(
                client: try OutboundHTTPClient(
                    policy: AddressPolicy(allowsPrivate: settings.webhooks.allowsPrivate),
                    authorityFile: settings.webhooks.authorityFile
                )
            ),
            settings: gatewaySettings
        )
        try await gateway.obeyOperators()
        if let cluster {
            gateway.join(
                as: ClusterNode(
                    of: gateway,
                    record: cluster.record,
                    shares: cluster.shares,
                    settings: cluster.settings,
                    logger: logs.logger(.cluster)
                )
            )
        }
        issuerKeys = try settings.access.issuerKeys.map { IssuerKeys(try $0.source(), logger: logs.logger(.http)) }
        var apiSettings = GatewayAPI.Settings(
            basePath: settings.access.basePath,
            requiresCredentials: settings.requiresCredentials,
            tokens: settings.access.tokens,
            requestsPerMinute: settings.access.requestsPerMinute,
            origins: settings.access.origins
        )
        apiSettings.clients = settings.access.clients
        apiSettings.proxies = settings.access.proxies
        apiSettings.strictTransportSeconds = settings.access.tls?.strictTransportSeconds
        api = GatewayAPI(
            gateway: gateway,
            settings: apiSettings,
            peers: cluster?.peers,
            issuerKeys: issuerKeys,
            operation: .init(logLevels: logs.levels) { standing.inForce },
            logger: logs.logger(.http)
        )
        runner = JobRunner(
            queue: queue,
            handlers: api.jobHandlers,
            settings: .init(
                holder: cluster?.record.holder.text ?? settings.node.name,
                onlyOwnShares: cluster != nil,
                shutdownGrace: shutdownGrace / 6
            ),
            logger: logs.logger(.jobs)
        )
        sweeper = JobSweeper(
            queue: queue,
            retention: .seconds(settings.jobRetentionDays * 86_400),
            logger: logs.logger(.jobs)
        )
        let tls = settings.access.tls.map { HTTPServerTLS($0.identity) }
        let metrics = gateway.metrics
        certificates = settings.access.tls.flatMap { settings in
            tls.map { CertificateWatch(settings, tls: $0, metrics: metrics, logger: logs.logger(.http)) }
        }
        var limits = HTTPServerLimits()
        limits.connections = settings.httpConnections
        // Behind a proxy all callers have one address, so it may have most of the places of a loop, but not all.
        limits.connectionsPerAddress = max(1, settings.httpConnections * 3 / 4 / max(1, settings.httpLoops))
        server = MicroHTTPServer(
            configuration: MicroHTTPServerConfiguration(
                host: settings.listen.host,
                port: settings.listen.port,
                loops: settings.httpLoops,
                limits: limits,
                // What callers wait for has most of the time; work of jobs is taken up again at the next start.
                shutdownGrace: shutdownGrace * 2 / 3,
                tls: tls
            ),
            sockets: sockets,
            responder: CompressedAnswers(api.makeResponder()),
            logger: logs.logger(.http)
        )
    }

    /// Begins to listen and to answer, before anything is announced.
    func start() throws -> UInt16 {
        try server.start()
    }

    /// Follows settings that were read again as far as that needs no restart.
    func follow(_ settings: GatewaySettings) async {
        api.use(clients: settings.access.clients)
        if let tls = settings.access.tls { await certificates?.follow(tls) }
        issuerKeys?.readAgain()
    }

    /// Serves until SIGTERM or SIGINT, then stops in the reverse order: no new requests, no new work, associations released.
    ///
    /// - Parameter besides: what runs beside the gateway and ends after it.
    func run(besides: [any Service] = []) async throws {
        let limit = ShutdownLimit(grace: shutdownGrace, logger: logger)
        let group = ServiceGroup(
            configuration: .init(
                services: (besides + dialInServices + [pushService] + [
                    CounterLogService(custodian: custodian),
                    EventRetention(gateway: gateway, retention: retention, logger: logger),
                    ReadingRetention(
                        database: database,
                        gateway: gateway,
                        retention: readingRetention,
                        logger: logger
                    ),
                ]
                    + clusterServices + (certificates.map { [$0] } ?? [])
                    + (issuerKeys.map { [IssuerKeyService(keys: $0)] } ?? [])
                    + [MeterSideService(sessions: sessions, grace: shutdownGrace / 6), sweeper, runner, recovery]
                    + publishing + [WebhookService(desk: WebhookDesk(gateway: gateway, logger: logs.logger(.delivery)))]
                    + answering
                    + [DrainAnnouncement(gateway: gateway, limit: limit)]).map { .init(service: limit.watching($0)) },
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        try await group.run()
        // After the associations were released over the connections of meters that dialled in.
        await network.shutdown()
        try await database.close()
        limit.lift()
    }
}

extension GatewayProcess {
    /// What takes what meters send by themselves.
    private var pushService: any Service {
        PushService(
            intake: pushIntake,
            receiver: PushReceiver(gateway: gateway, policy: pushPolicy, logger: logs.logger(.push)),
            sessions: sessions,
            network: network,
            logger: logs.logger(.push)
        )
    }

    /// What publishes to a broker, if there is one.
    private var publishing: [any Service] {
        publisher.map { [MQTTService(publisher: $0, gateway: gateway, logger: logs.logger(.delivery))] } ?? []
    }

    /// What brings work in: schedules and callers; what callers were answered is stored once the server has ended.
    private var answering: [any Service] {
        [Scheduler(gateway: gateway, logger: logs.logger(.jobs)), ReadingDrain(gateway: gateway), server]
    }

    /// What fills the gaps of profiles.
    private var recovery: RecoveryService {
        RecoveryService(gateway: gateway, settings: recoverySettings, logger: logs.logger(.jobs))
    }

    /// What keeps the gateway's place among others, if there may be any.
    private var clusterServices: [any Service] {
        gateway.cluster.map { node in
            [
                ClusterService(node: node),
                EventRelayService(relay: EventRelay(gateway: gateway, logger: logs.logger(.cluster))),
            ]
        } ?? []
    }

    /// What listens for meters that connect to us, if anything is to.
    private var dialInServices: [any Service] {
        dialIn.map { [DialInService(settings: $0, gateway: gateway, network: network, logger: logs.logger(.push))] }
            ?? []
    }
}

/// Lets meters connect to us, once it is known which ones may.
private struct DialInService: Service {
    let settings: DialInSettings
    let gateway: Gateway
    let network: MeterNetwork
    let logger: Logger

    func run() async throws {
        try await gateway.expectDialIns()
        let listener: DialInListener
        do throws(TransportError) {
            listener = try await DialInListener.bind(settings, network: network, logger: logger)
        } catch {
            let address = ListenAddress(host: settings.host, port: UInt16(clamping: settings.port))
            throw SettingsError.invalid(
                option: "dial-in-listen",
                value: "\(address)",
                hint: "the address cannot be listened on (\(error.reason)); choose another, or end what has it"
            )
        }
        logger.info(
            "meters may dial in",
            metadata: ["address": "\(ListenAddress(host: settings.host, port: UInt16(clamping: listener.port)))"]
        )
        try? await gracefulShutdown()
        await listener.close()
    }
}

/// Ends the meter side in good order: what is under way may finish, associations are released.
private struct MeterSideService: Service {
    let sessions: MeterSessions
    let grace: Duration

    func run() async throws {
        try await gracefulShutdown()
        await sessions.shutdown(within: grace)
    }
}

/// Waits, once nobody is answered any more, until what was answered is stored, and told of while receivers are there.
private struct ReadingDrain: Service {
    let gateway: Gateway

    func run() async throws {
        try await gracefulShutdown()
        await gateway.settleReadings()
    }
}

/// Stores the counters that meters have used, every few seconds and when everything else has ended.
private struct CounterLogService: Service {
    let custodian: CounterCustodian

    func run() async throws {
        await cancelWhenGracefulShutdown { await custodian.run() }
    }
}

/// Hears of events of other gateways.
private struct EventRelayService: Service {
    let relay: EventRelay

    func run() async throws {
        await cancelWhenGracefulShutdown { await relay.run() }
    }
}

/// Forgets old events every hour.
private struct EventRetention: Service {
    private static let period = Duration.seconds(3600)

    let gateway: Gateway
    let retention: Duration
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do throws(StoreError) {
                    try await gateway.events.forget(olderThan: retention)
                } catch {
                    logger.error("old events could not be forgotten", metadata: ["reason": "\(error)"])
                }
                try? await gateway.clock.sleep(until: gateway.clock.now() + Self.period)
            }
        }
    }
}

/// Makes `/readyz` answer 503 first of all, so that nobody sends new requests here.
private struct DrainAnnouncement: Service {
    let gateway: Gateway
    let limit: ShutdownLimit

    func run() async throws {
        try await gracefulShutdown()
        limit.begin()
        ServiceManager.tell(.stopping)
        gateway.beginDraining()
        // The others have the lines before this gateway takes no more requests for them.
        await gateway.cluster?.drain()
    }
}
