// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A modem with AT commands, and the number that it dials.
public struct ModemLine: Hashable, Sendable {
    /// Where a modem is.
    public enum Port: Hashable, Sendable {
        /// At a serial port of the gateway's machine.
        case serial(SerialLine)
        /// At a converter that passes octets on over TCP.
        case tcp(NetworkEndpoint)
    }

    /// Where the modem is.
    public var port: Port
    /// The whole dialling command, such as `ATDT0123456789`.
    public var dial: String
    /// Commands between the reset of the modem and dialling.
    public var initialization: [String]
    /// How long the modem may take to answer a command.
    public var commandTimeout: Duration
    /// How long dialling may take until the other side has answered.
    public var dialTimeout: Duration
    /// How often a busy number is dialled again.
    public var busyRetries: Int
    /// How long to wait before that.
    public var busyPause: Duration
    /// The silence around the escape sequence that ends a call.
    public var guardTime: Duration

    /// Makes a modem; what is left out has the default of the API.
    public init(
        port: Port,
        dial: String,
        initialization: [String] = [],
        commandTimeout: Duration = .seconds(3),
        dialTimeout: Duration = .seconds(60),
        busyRetries: Int = 2,
        busyPause: Duration = .seconds(10),
        guardTime: Duration = .milliseconds(1100)
    ) {
        self.port = port
        self.dial = dial
        self.initialization = initialization
        self.commandTimeout = commandTimeout
        self.dialTimeout = dialTimeout
        self.busyRetries = busyRetries
        self.busyPause = busyPause
        self.guardTime = guardTime
    }
}
