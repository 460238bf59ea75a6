// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
public import Logging
internal import NIOCore
import Synchronization

/// Where pushed messages wait for who takes them, in a queue for each address, which take turns.
///
/// Who sends much waits behind his own messages and nobody else's. A lock and not an actor: event loops put messages in.
public final class PushIntake: Sendable {
    private struct Sender {
        var status: PushSenderStatus
        var budget: OctetBudget
        var queue = CircularBuffer<PushArrival>()
        /// Who wants to be told when the queue is half empty.
        var paused: [@Sendable () -> Void] = []
    }

    private struct Contents {
        var senders: [String: Sender] = [:]
        /// Addresses with messages that wait, in the order of their turns.
        var turns = CircularBuffer<String>()
        /// All addresses, those first that are looked at first when room is needed.
        var clock = CircularBuffer<String>()
        var counters = PushCounters()
        var consumer: CheckedContinuation<Void, Never>?
        var isClosed = false
        var dropsToTell: (count: UInt64, address: String) = (0, "")
        var toldAt: ContinuousClock.Instant?
    }

    /// How many messages of one address are handed out together: others that come meanwhile wait for these at most.
    private static let mostOfOne = 16
    /// How many octets are kept of the last that came.
    private static let keptOctets = 64
    /// How many meters and names are kept of an address.
    private static let keptNames = 8
    /// How many addresses are looked at to find one that can be forgotten.
    private static let probes = 16
    private static let tellingPause = Duration.seconds(60)

    /// The limits.
    public let settings: PushSettings
    private let logger: Logger
    private let contents = Mutex(Contents())

    /// Makes an intake without messages.
    public init(settings: PushSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
    }

    // MARK: For who takes messages

    /// Takes messages, one of each address in turn and few of any; waits until there is one.
    ///
    /// - Parameter most: how many at most.
    /// - Returns: nothing once the intake was closed and is empty. One task at a time may wait.
    public func next(most: Int) async -> [PushArrival] {
        while true {
            let (taken, paused, isClosed) = contents.withLock { take(most, &$0) }
            for resume in paused { resume() }
            guard taken.isEmpty, !isClosed else { return taken }
            await withCheckedContinuation { continuation in
                let isReady = contents.withLock { contents in
                    guard contents.turns.isEmpty, !contents.isClosed else { return true }
                    contents.consumer = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        }
    }

    private func take(
        _ most: Int,
        _ contents: inout Contents
    ) -> (taken: [PushArrival], paused: [@Sendable () -> Void], isClosed: Bool) {
        var taken: [PushArrival] = []
        var paused: [@Sendable () -> Void] = []
        var counts: [String: Int] = [:]
        var nextTime: [String] = []
        while taken.count < most, let address = contents.turns.popFirst() {
            guard counts[address, default: 0] < Self.mostOfOne else {
                nextTime.append(address)
                continue
            }
            guard let arrival = contents.senders[address]?.queue.popFirst() else { continue }
            taken.append(arrival)
            counts[address, default: 0] += 1
            let waiting = contents.senders[address]?.queue.count ?? 0
            contents.senders[address]?.status.waiting = waiting
            if waiting > 0 { contents.turns.append(address) }
            if waiting <= settings.waitingPerAddress / 2, contents.senders[address]?.paused.isEmpty == false {
                paused += contents.senders[address]?.paused ?? []
                contents.senders[address]?.paused.removeAll()
            }
        }
        contents.turns.append(contentsOf: nextTime)
        contents.counters.waiting -= taken.count
        return (taken, paused, contents.isClosed)
    }

    /// Takes no more messages; those that wait are still handed out.
    public func close() {
        let consumer = contents.withLock { contents in
            contents.isClosed = true
            defer { contents.consumer = nil }
            return contents.consumer
        }
        consumer?.resume()
    }

    /// A message of an address was found to be of a meter.
    public func identified(_ address: String, as meter: String) {
        contents.withLock { contents in
            guard contents.senders[address]?.status.meters.last != meter else { return }
            contents.senders[address]?.status.meters.removeAll { $0 == meter }
            contents.senders[address]?.status.meters.append(meter)
            if let count = contents.senders[address]?.status.meters.count, count > Self.keptNames {
                contents.senders[address]?.status.meters.removeFirst()
            }
        }
    }

    /// A message of an address was refused.
    ///
    /// - Parameters:
    ///   - reason: one of a few words.
    ///   - names: by what the sender could be configured.
    public func refused(_ address: String, because reason: String, names: [String]) {
        contents.withLock { contents in
            contents.senders[address]?.status.refusals[reason, default: 0] += 1
            guard !names.isEmpty, var known = contents.senders[address]?.status.names else { return }
            known.removeAll { names.contains($0) }
            known += names
            contents.senders[address]?.status.names = known.suffix(Self.keptNames)
        }
    }

    /// The addresses that are remembered, in the order of their text.
    public var senders: [PushSenderStatus] {
        contents.withLock { $0.senders.values.map(\.status) }.sorted { $0.address < $1.address }
    }

    /// What came of everything so far.
    public var counters: PushCounters {
        contents.withLock { contents in
            var counters = contents.counters
            counters.senders = contents.senders.count
            return counters
        }
    }

    // MARK: For who brings messages

    /// A connection was opened; false when it has to be closed again.
    func connected(_ address: String, now: ContinuousClock.Instant) -> Bool {
        contents.withLock { contents in
            guard contents.counters.connections < settings.mostConnections, !contents.isClosed,
                remember(address, now, &contents),
                (contents.senders[address]?.status.connections ?? 0) < settings.connectionsPerAddress
            else {
                contents.counters.refusedConnections += 1
                return false
            }
            contents.senders[address]?.status.connections += 1
            contents.counters.connections += 1
            return true
        }
    }

    /// A connection has ended that was opened.
    func disconnected(_ address: String) {
        contents.withLock { contents in
            contents.senders[address]?.status.connections -= 1
            contents.counters.connections -= 1
        }
    }

    /// The octets of incomplete messages of one sender have become more or fewer; false when there are too many of all.
    func held(_ change: Int) -> Bool {
        contents.withLock { contents in
            contents.counters.incompleteOctets += change
            return change <= 0 || contents.counters.incompleteOctets <= settings.mostIncompleteOctets
        }
    }

    /// What a sender on a stream has to do after it has sent.
    enum Pace {
        case goOn
        /// It is not read for so long.
        case wait(Duration)
        /// It is not read until it is told to go on.
        case untilTold
    }

    /// Takes what came on a stream; nothing of it is dropped.
    ///
    /// - Parameter resume: called once, on any thread, after ``Pace/untilTold``.
    func tookStream(
        _ octets: some Collection<UInt8>,
        _ arrivals: [PushArrival],
        _ losses: [PushLoss],
        from address: String,
        by transport: PushTransport,
        now: ContinuousClock.Instant,
        resume: @escaping @Sendable () -> Void
    ) -> Pace {
        let (pace, consumer) = contents.withLock { contents -> (Pace, CheckedContinuation<Void, Never>?) in
            // What comes after the end is not confirmed, and so comes again.
            guard !contents.isClosed else { return (.untilTold, nil) }
            guard remember(address, now, &contents) else { return (.wait(.seconds(1)), nil) }
            note(octets, losses, address, transport, now, &contents)
            let consumer = append(arrivals, address, &contents)
            if let waiting = contents.senders[address]?.queue.count, waiting >= settings.waitingPerAddress {
                contents.senders[address]?.paused.append(resume)
                _ = contents.senders[address]?.budget.spend(octets.count, now: now)
                return (.untilTold, consumer)
            }
            if let pause = contents.senders[address]?.budget.spend(octets.count, now: now) {
                return (.wait(pause), consumer)
            }
            return (.goOn, consumer)
        }
        consumer?.resume()
        return pace
    }

    /// Whether a datagram may be taken at all; one that may not is counted as dropped.
    func admits(_ octets: some Collection<UInt8>, from address: String, now: ContinuousClock.Instant) -> Bool {
        let (isAdmitted, told) = contents.withLock { contents -> (Bool, (UInt64, String)?) in
            guard !contents.isClosed else { return (false, nil) }
            if remember(address, now, &contents),
                (contents.senders[address]?.queue.count ?? 0) < settings.waitingPerAddress,
                contents.senders[address]?.budget.take(octets.count, now: now) == true
            {
                return (true, nil)
            }
            contents.counters.dropped += 1
            contents.senders[address]?.status.dropped += 1
            return (false, drop(address, now, &contents))
        }
        if let (count, address) = told {
            logger.notice(
                "datagrams that were pushed are dropped because senders send too much",
                metadata: ["count": "\(count)", "lastAddress": "\(address)"]
            )
        }
        return isAdmitted
    }

    /// Takes what came in a datagram that was admitted.
    func tookDatagram(
        _ octets: some Collection<UInt8>,
        _ arrivals: [PushArrival],
        _ losses: [PushLoss],
        from address: String,
        now: ContinuousClock.Instant
    ) {
        let consumer = contents.withLock { contents -> CheckedContinuation<Void, Never>? in
            note(octets, losses, address, .udp, now, &contents)
            return append(arrivals, address, &contents)
        }
        consumer?.resume()
    }

    // MARK: Inside the lock

    /// Makes a place for an address if there is none; false when there is no room.
    private func remember(_ address: String, _ now: ContinuousClock.Instant, _ contents: inout Contents) -> Bool {
        guard contents.senders[address] == nil else { return true }
        if contents.senders.count >= settings.mostSenders, !forgetOne(&contents) { return false }
        contents.senders[address] = Sender(
            status: PushSenderStatus(address: address, now: now),
            budget: OctetBudget(perSecond: settings.octetsPerSecond, now: now)
        )
        contents.clock.append(address)
        return true
    }

    /// Forgets an address of which nothing waits, rather one of which no meter is known.
    private func forgetOne(_ contents: inout Contents) -> Bool {
        for probe in 0..<Self.probes {
            guard let address = contents.clock.popFirst() else { return false }
            guard let sender = contents.senders[address] else { continue }
            let isBusy = !sender.queue.isEmpty || sender.status.connections > 0
            guard isBusy || !sender.status.meters.isEmpty && probe < Self.probes / 2 else {
                contents.senders[address] = nil
                return true
            }
            contents.clock.append(address)
        }
        return false
    }

    private func note(
        _ octets: some Collection<UInt8>,
        _ losses: [PushLoss],
        _ address: String,
        _ transport: PushTransport,
        _ now: ContinuousClock.Instant,
        _ contents: inout Contents
    ) {
        contents.counters.octets += UInt64(octets.count)
        contents.senders[address]?.status.octets += UInt64(octets.count)
        contents.senders[address]?.status.lastSeen = now
        contents.senders[address]?.status.transports.insert(transport)
        if !octets.isEmpty { contents.senders[address]?.status.lastOctets = Array(octets.prefix(Self.keptOctets)) }
        for loss in losses {
            contents.counters.losses[loss, default: 0] += 1
            contents.senders[address]?.status.losses[loss, default: 0] += 1
        }
    }

    /// Puts messages into the queue of their address; returns who waits for messages.
    private func append(
        _ arrivals: [PushArrival],
        _ address: String,
        _ contents: inout Contents
    ) -> CheckedContinuation<Void, Never>? {
        guard !arrivals.isEmpty else { return nil }
        if contents.senders[address]?.queue.isEmpty == true { contents.turns.append(address) }
        contents.senders[address]?.queue.append(contentsOf: arrivals)
        contents.senders[address]?.status.waiting += arrivals.count
        contents.senders[address]?.status.messages += UInt64(arrivals.count)
        contents.counters.messages += UInt64(arrivals.count)
        contents.counters.waiting += arrivals.count
        defer { contents.consumer = nil }
        return contents.consumer
    }

    /// Counts a drop; returns what to tell the operator, at most once a minute.
    private func drop(
        _ address: String,
        _ now: ContinuousClock.Instant,
        _ contents: inout Contents
    ) -> (UInt64, String)? {
        contents.dropsToTell = (contents.dropsToTell.count + 1, address)
        if let toldAt = contents.toldAt, now - toldAt < Self.tellingPause { return nil }
        contents.toldAt = now
        defer { contents.dropsToTell = (0, "") }
        return contents.dropsToTell
    }
}
