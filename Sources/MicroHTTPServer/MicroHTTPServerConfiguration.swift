// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How the HTTP server listens and what it bears.
public struct MicroHTTPServerConfiguration: Sendable {
    /// The address to listen on: an IPv4 or IPv6 address, or a host name that stands for one.
    public var host: String
    /// The port; 0 takes a free one, see ``MicroHTTPServer/boundPort``.
    public var port: UInt16
    /// How many threads serve connections, each its own share of them.
    public var loops: Int
    /// What callers may not exceed.
    public var limits: HTTPServerLimits
    /// How long requests in flight may go on once the server is to stop.
    public var shutdownGrace: Duration
    /// How it speaks TLS; nil speaks HTTP in clear.
    public var tls: HTTPServerTLS?

    /// Makes a configuration.
    public init(
        host: String = "127.0.0.1",
        port: UInt16 = 8080,
        loops: Int = 2,
        limits: HTTPServerLimits = HTTPServerLimits(),
        shutdownGrace: Duration = .seconds(30),
        tls: HTTPServerTLS? = nil
    ) {
        self.tls = tls
        self.host = host
        self.port = port
        self.loops = max(1, loops)
        self.limits = limits
        self.shutdownGrace = shutdownGrace
    }
}

/// What callers of the HTTP server may not exceed.
public struct HTTPServerLimits: Sendable {
    /// Octets of a body; more is answered 413.
    public var bodyOctets: Int
    /// Octets of the bodies of all requests together that come in or are being answered; more is answered 503.
    public var allBodiesOctets: Int
    /// Octets of all header fields together; more is answered 431.
    public var headerOctets: Int
    /// Octets of the request target; more is answered 414.
    public var targetOctets: Int
    /// Open connections, shared out evenly to the loops; more wait in the kernel's queue.
    public var connections: Int
    /// Open connections from one address on each loop; more are closed at once.
    public var connectionsPerAddress: Int
    /// How long a connection may be silent.
    public var idleTime: Duration
    /// How long a request may take to arrive, from its first octet to the end of its body, however it is spread; then 408.
    public var requestTime: Duration

    /// Makes limits.
    public init(
        bodyOctets: Int = 1 << 20,
        allBodiesOctets: Int = 256 << 20,
        headerOctets: Int = 16 << 10,
        targetOctets: Int = 8 << 10,
        connections: Int = 1000,
        connectionsPerAddress: Int = 100,
        idleTime: Duration = .seconds(60),
        requestTime: Duration = .seconds(30)
    ) {
        self.bodyOctets = bodyOctets
        self.allBodiesOctets = allBodiesOctets
        self.headerOctets = headerOctets
        self.targetOctets = targetOctets
        self.connections = connections
        self.connectionsPerAddress = connectionsPerAddress
        self.idleTime = idleTime
        self.requestTime = requestTime
    }
}
