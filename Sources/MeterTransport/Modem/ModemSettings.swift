// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How a modem with AT commands is prepared, made to dial, and made to hang up.
public struct ModemSettings: Hashable, Sendable {
    /// The dialling command, such as `ATDT0123456789`.
    public var dial: String
    /// Commands after the reset and before dialling, such as `AT+CBST=71,0,1`.
    public var initialization: [String]
    /// How long the modem may take to answer a command.
    public var commandTimeout: Duration
    /// How long dialling may take until the other side has answered.
    public var connectTimeout: Duration
    /// How often a number is dialled again that is busy.
    public var busyRetries: Int
    /// How long to wait before that.
    public var busyPause: Duration
    /// The silence around the escape sequence `+++` by which the modem tells it from data.
    public var guardTime: Duration

    /// Makes settings, with usual times.
    public init(
        dial: String,
        initialization: [String] = [],
        commandTimeout: Duration = .seconds(3),
        connectTimeout: Duration = .seconds(60),
        busyRetries: Int = 2,
        busyPause: Duration = .seconds(10),
        guardTime: Duration = .milliseconds(1100)
    ) {
        self.dial = dial
        self.initialization = initialization
        self.commandTimeout = commandTimeout
        self.connectTimeout = connectTimeout
        self.busyRetries = busyRetries
        self.busyPause = busyPause
        self.guardTime = guardTime
    }
}

/// Why a modem has no call, by who failed.
public enum ModemFault: Error, Hashable, Sendable {
    /// The modem does not answer to commands: it is off, or the speed of the line is another.
    case notAnswering
    /// The modem does not know a command, or cannot carry it out.
    case commandRefused(String)
    /// The modem hears no dial tone, or has no network.
    case noDialTone
    /// The modem may not dial the number for now, having done so too often.
    case dialForbidden
    /// The number was busy, however often it was dialled.
    case busy(attempts: Int)
    /// Nobody answered at the number.
    case noAnswer
    /// No modem answered at the number, or it did not agree with ours.
    case noCarrier
    /// The modem did not tell in time what came of dialling.
    case noResult
    /// The call was lost.
    case carrierLost
}
