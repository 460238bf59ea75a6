// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity
public import Fleet
public import GatewayCore
public import HTTPKit
public import Jobs
public import Logging

/// The REST API over the use cases of a gateway.
///
/// ```swift
/// let api = GatewayAPI(gateway: gateway, logger: logger)
/// let responder = api.makeResponder()      // for MicroHTTPServer
/// let handlers = api.jobHandlers           // for JobRunner
/// ```
public struct GatewayAPI: Sendable {
    /// What can be tuned.
    public struct Settings: Hashable, Sendable {
        /// What stands before every path behind a reverse proxy, such as `/gateway`.
        public var basePath: String
        /// Whether each request gets a line in the log.
        public var logsRequests: Bool
        /// Whether callers need credentials; without, everybody may do everything.
        public var requiresCredentials: Bool
        /// Which tokens are taken besides API keys; nil for none.
        public var tokens: TokenSettings?
        /// How many requests a caller may make in a minute whose key does not say; nil for no limit.
        public var requestsPerMinute: Int?
        /// How often a stream of events or a trace shows that it lives, and its caller is checked again.
        public var streamPulse = Duration.seconds(EventStreamText.pulse)
        /// The pages of which other origins may use the API.
        public var origins: Set<String>
        /// What the owners of client certificates may do, by the names in their certificates.
        public var clients: [String: APIKeyGrant] = [:]
        /// The addresses of reverse proxies that are believed when they tell whose request they send on.
        public var proxies: [AddressRange] = []
        /// For how many seconds browsers are told to use TLS only; nil tells them nothing.
        public var strictTransportSeconds: Int?

        /// Makes settings.
        public init(
            basePath: String = "",
            logsRequests: Bool = true,
            requiresCredentials: Bool = false,
            tokens: TokenSettings? = nil,
            requestsPerMinute: Int? = nil,
            origins: Set<String> = []
        ) {
            self.requiresCredentials = requiresCredentials
            self.tokens = tokens
            self.requestsPerMinute = requestsPerMinute
            self.origins = origins
            self.basePath = basePath
            self.logsRequests = logsRequests
        }
    }

    /// How requests reach the gateway that has the line to a meter.
    public struct Peers: Sendable {
        let forwarder: any HTTPForwarder
        let secret: Secret

        /// Pairs the way to other gateways with the secret that all of them have.
        public init(forwarder: any HTTPForwarder, secret: Secret) {
            self.forwarder = forwarder
            self.secret = secret
        }

        func proof(_ gateway: Gateway) -> ForwardingProof { ForwardingProof(secret: secret, clock: gateway.clock) }
    }

    let gateway: Gateway
    let settings: Settings
    /// Gives tickets to callers that cannot send their credentials.
    let tickets: TicketOffice
    /// What operators see and turn of the process.
    let operation: Operation
    /// Checks credentials; nil where none are needed.
    let desk: CredentialDesk?
    /// The keys of the issuer of tokens; nil where none are taken.
    let issuerKeys: IssuerKeys?
    /// What the audit log still lacks.
    let auditBacklog: AuditBacklog
    private let peers: Peers?
    private let logger: Logger

    /// Makes the API.
    ///
    /// - Parameters:
    ///   - gateway: the use cases.
    ///   - settings: what can be tuned.
    ///   - peers: other gateways over the same database, if ``Gateway/cluster`` is one of several.
    ///   - operation: what operators see and turn of the process.
    ///   - issuerKeys: what signatures of tokens are checked with; somebody has to run it.
    ///   - logger: where requests are told of.
    public init(
        gateway: Gateway,
        settings: Settings = Settings(),
        peers: Peers? = nil,
        issuerKeys: IssuerKeys? = nil,
        operation: Operation = Operation(),
        logger: Logger
    ) {
        self.peers = peers
        self.issuerKeys = issuerKeys
        self.operation = operation
        let tickets = TicketOffice(clock: gateway.clock)
        self.tickets = tickets
        self.gateway = gateway
        self.settings = settings
        self.logger = logger
        auditBacklog = AuditBacklog(logger: logger)
        desk =
            settings.requiresCredentials
            ? CredentialDesk(
                gateway: gateway,
                clients: settings.clients,
                tokens: settings.tokens.flatMap { tokens in
                    issuerKeys.map { TokenDesk(tokens, keys: $0, clock: gateway.clock) }
                },
                tickets: tickets
            ) : nil
    }

    /// Carries out jobs of every kind that the API takes.
    public var jobHandlers: [JobKind: any JobHandler] {
        let handler = OrderHandler(gateway: gateway, representation: JSONJobRepresentation())
        return Dictionary(uniqueKeysWithValues: JobKind.known.map { ($0, handler as any JobHandler) })
    }

    /// Lets the owners of client certificates do what is said from now on, by the names in them, and nobody else.
    public func use(clients: [String: APIKeyGrant]) {
        desk?.use(clients: clients)
    }

    private var responder: any HTTPResponder {
        let table = routeTable
        return Self.forwarding(gateway, peers, settings, inner: table, logger) ?? table
    }

    /// The way to other gateways, if there may be any.
    private static func forwarding(
        _ gateway: Gateway,
        _ peers: Peers?,
        _ settings: Settings,
        inner: RouteTable,
        _ logger: Logger
    ) -> NodeForwarding? {
        guard let peers, let node = gateway.cluster else { return nil }
        return NodeForwarding(
            inner: inner,
            gateway: gateway,
            node: node,
            forwarder: peers.forwarder,
            proof: peers.proof(gateway),
            baseLength: settings.basePath.split(separator: "/").count,
            logger: logger
        )
    }

    /// What the HTTP server asks: routes, problems, request ids, metrics and the access log.
    public func makeResponder() -> HTTPEdge {
        let (metrics, logger, logsRequests) = (gateway.metrics, logger, settings.logsRequests)
        return HTTPEdge(
            responder,
            authenticator: desk,
            limiter: RateLimiter(usual: settings.requestsPerMinute),
            origins: settings.origins.isEmpty ? nil : CrossOriginPolicy(origins: settings.origins),
            senders: gateway.cluster == nil ? nil : peers?.proof(gateway),
            proxies: settings.proxies.isEmpty ? nil : ReverseProxies(addresses: settings.proxies),
            strictTransport: settings.strictTransportSeconds.map { "max-age=\($0)" },
            problemTypeBase: settings.basePath + Problem.defaultTypeBase
        ) {
            record in
            let route = record.route ?? "none"
            metrics.countRequest(
                route: route,
                method: record.request.method.rawValue,
                status: record.status,
                duration: record.duration
            )
            guard logsRequests else { return }
            var facts: Logger.Metadata = [
                "method": "\(record.request.method.rawValue)", "route": "\(route)", "status": "\(record.status)",
                "ms": "\(record.duration / .milliseconds(1))", "request": "\(record.request.id)",
                "address": "\(record.request.remoteAddress)",
                "problem": "\(record.problem ?? "")", "principal": "\(record.identity.principal?.name ?? "")",
            ]
            if let trace = record.request.trace {
                facts["trace"] = "\(trace.traceID)"
                facts["span"] = "\(trace.spanID)"
            }
            logger.info("request", metadata: facts)
        }
    }
}
