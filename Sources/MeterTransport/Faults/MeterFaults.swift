// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization

/// The faults of one simulated meter, for all its connections, and who watches them happen.
public final class MeterFaults: Sendable {
    /// What happens between the meter and its clients.
    public enum Event: Hashable, Sendable {
        /// A client has connected.
        case connected
        /// A connection has ended.
        case disconnected
        /// Octets came from a client, before anything goes wrong with them.
        case received([UInt8])
        /// Octets left for a client, with everything that went wrong.
        case sent([UInt8])
        /// These faults happened to a message, or to a connection when it was made (nil).
        case happened([Fault.Name], to: Fault.Direction?)
    }

    /// Called on event loops, with the time since the start of the scenario; has to be quick.
    public typealias Observer = @Sendable (_ event: Event, _ time: Duration) -> Void

    private let injector: Mutex<FaultInjector>
    private let start: ContinuousClock.Instant
    private let observer: Observer?

    /// Puts an injector to work.
    ///
    /// - Parameters:
    ///   - injector: what goes wrong.
    ///   - start: when the scenario began.
    ///   - observer: who watches; nil costs nothing.
    public init(_ injector: FaultInjector, start: ContinuousClock.Instant = .now, observer: Observer? = nil) {
        self.injector = Mutex(injector)
        self.start = start
        self.observer = observer
    }

    /// How often each fault happened.
    public var happened: [Fault.Name: Int] { injector.withLock { $0.happened } }

    /// Changes the speed of the line; what is under way keeps the old one.
    public func setPacing(_ pacing: LinePacing?) {
        injector.withLock { $0.pacing = pacing }
    }

    func connected() -> [LineStep] {
        note(.connected)
        return steps(to: nil) { $0.connected(at: $1) }
    }

    func received(_ octets: [UInt8]) -> [LineStep] {
        note(.received(octets))
        return steps(to: .requests) { $0.requested(octets, at: $1) }
    }

    func answered(_ octets: [UInt8]) -> [LineStep] {
        steps(to: .answers) { $0.answered(octets, at: $1) }
    }

    func note(_ event: Event) {
        observer?(event, start.duration(to: .now))
    }

    private func steps(
        to direction: Fault.Direction?,
        _ pass: (inout FaultInjector, Duration) -> FaultInjector.Outcome
    ) -> [LineStep] {
        let time = start.duration(to: .now)
        let outcome = injector.withLock { pass(&$0, time) }
        if !outcome.faults.isEmpty { observer?(.happened(outcome.faults, to: direction), time) }
        return outcome.steps
    }
}
