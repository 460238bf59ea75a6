// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine
public import DLMSSecurity

/// Why a connection or an exchange with a meter failed, and whether the meter may have got the request.
public struct TransportError: Error, Hashable, Sendable {
    /// What went wrong, sorted by whose fault it is.
    public enum Reason: Hashable, Sendable {
        /// The host name has no address: configuration or name service.
        case nameNotResolved(host: String)
        /// Nobody listens on the port: meter or configuration.
        case refused
        /// The connection could not be made in time: network.
        case connectTimeout
        /// The network said that there is no way, with the system's error number.
        case unreachable(code: Int32)
        /// The address cannot be bound, with the system's error number: us or the operator.
        case notBound(code: Int32)
        /// A serial port cannot be used: operator or hardware.
        case portNotOpened(device: String, PortFault)
        /// There is no TLS connection: operator, or whoever runs the other side.
        case tlsRefused(TLSFault)
        /// A converter at the other end of a TCP connection does not do its part of RFC 2217: operator or converter.
        case converterRefused(ConverterFault)
        /// The modem has no call.
        case modem(ModemFault)
        /// The meter, which has to connect to us, has not: the meter, its modem, or its network.
        case notDialledIn(lastSeen: ContinuousClock.Instant?)
        /// The meter did not answer in time.
        case answerTimeout(waitingFor: Awaited)
        /// The connection ended, by the meter or the network; nil = while nothing was awaited.
        case closedByPeer(waitingFor: Awaited?)
        /// The meter answered with an error, or with something that cannot be understood.
        case engine(EngineError)
        /// The caller gave up.
        case cancelled
    }

    /// Whether anything of a request left for the meter.
    public enum Transmission: String, Hashable, Sendable {
        /// Nothing left: the meter certainly did not execute it.
        case notSent
        /// Something left: the meter may have executed it.
        case sent
    }

    /// What went wrong.
    public var reason: Reason
    /// Whether anything of the request left for the meter.
    public var transmission: Transmission
    /// What is known of the items of a request with several writes or invocations; nil when nothing is.
    public var partial: PartialOutcome?

    /// Makes an error.
    public init(_ reason: Reason, transmission: Transmission = .notSent) {
        self.reason = reason
        self.transmission = transmission
    }

    init(_ error: EngineError, transmission: Transmission) {
        switch error {
        case .timeout(let awaited): reason = .answerTimeout(waitingFor: awaited)
        case .connectionClosed(let awaited): reason = .closedByPeer(waitingFor: awaited)
        case .cancelled: reason = .cancelled
        default: reason = .engine(error)
        }
        self.transmission = transmission
    }

    /// Takes what a handler on the channel has failed with; nil for an error that is none of ours.
    init?(onChannel error: any Error) {
        switch error {
        case let error as TransportError: self = error
        case let fault as TLSFault: self.init(.tlsRefused(fault))
        default: return nil
        }
    }

    /// Whether the connection is of no use any more.
    public var endsConnection: Bool {
        switch reason {
        case .engine(let error): error.endsConnection
        case .cancelled: false
        default: true
        }
    }
}
