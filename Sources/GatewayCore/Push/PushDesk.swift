// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import DLMSSecurity
import Fleet
import MeterTransport

/// Judges messages one after the other: whose they are, what proves it, and whether they are new.
actor PushDesk {
    private struct Marks {
        var last: [InvocationCounterID: PushMark] = [:]
        let askedAt: ContinuousClock.Instant
    }

    /// After so long the store is asked again for counters: another gateway may take messages of the same meter.
    private static let trust = Duration.seconds(10)
    /// With more meters than this in memory all are forgotten.
    private static let mostMeters = 20_000
    /// How many unprotected messages of a meter are remembered, to know those that come again.
    private static let rememberedDigests = 16

    private let store: any PushStore
    private let directory: MeterDirectory
    private let policy: PushPolicy
    private let senders: PushSenders
    private var keys: [MeterID: PushKeys] = [:]
    private var marks: [MeterID: Marks] = [:]
    private var digests: [MeterID: [String]] = [:]
    private var counters: [InvocationCounterID: Range<UInt64>] = [:]

    init(store: any PushStore, directory: MeterDirectory, policy: PushPolicy) {
        self.store = store
        self.directory = directory
        self.policy = policy
        senders = PushSenders(store: store, directory: directory)
    }

    /// Whose a message is and what it says.
    func judge(_ arrival: PushArrival) async throws(PushRefusal) -> JudgedPush {
        do {
            let apdu = arrival.message.apdu
            var push =
                NotificationOpener.isProtected(apdu)
                ? try await judgeProtected(arrival) : try await judgeUnprotected(arrival, apdu)
            try await checkNews(&push, digest: Hexadecimal.text(of: SHA256Digest.of(apdu)))
            return push
        } catch let refusal as PushRefusal {
            throw refusal
        } catch {
            throw .notStored
        }
    }

    /// By what the sender of a message could be configured.
    func names(in arrival: PushArrival) async -> [String] {
        if let title = NotificationOpener.systemTitle(of: arrival.message.apdu) {
            return [Hexadecimal.text(of: title)]
        }
        return Self.content(of: UnsolicitedMessage(arrival.message.apdu))?.names ?? []
    }

    // MARK: Protected messages

    private func judgeProtected(_ arrival: PushArrival) async throws -> JudgedPush {
        let apdu = arrival.message.apdu
        let title = NotificationOpener.systemTitle(of: apdu).flatMap { SystemTitle($0) }
        var candidates: [MeterID] = []
        if let title { candidates = try await senders.meters([.title(title)]) }
        // A meter whose title nobody knows yet proves by its key who it is.
        let behind = try await senders.meters(behind: arrival)
        candidates += behind.filter { !candidates.contains($0) }
        guard !candidates.isEmpty else { throw PushRefusal.unknownSender }
        for id in candidates.prefix(SenderIdentity.mostMeters) {
            guard let memory = try? await directory.memory(of: id.text) else { continue }
            let count = try await prepareKeys(of: memory)
            for index in 0..<count {
                guard let opened = try? keys[id]?.entries[index].opener.open(apdu) else { continue }
                return try judged(memory, opened, index, isFromAddress: behind.contains(id))
            }
        }
        throw PushRefusal.notDeciphered
    }

    private func judged(
        _ memory: MeterMemory,
        _ opened: OpenedNotification,
        _ index: Int,
        isFromAddress: Bool
    ) throws(PushRefusal) -> JudgedPush {
        let trust = PushTrust(opened.protection, counts: opened.counter?.key)
        if trust != .proven, !accepts(memory, isFromAddress ? .address : .unverified) { throw .unprotected }
        let message = UnsolicitedMessage(opened.apdu)
        if case .other = message { throw .undecodable }
        var push = JudgedPush(memory: memory, message: message, trust: trust)
        push.protection = JudgedPush.Protection(opened: opened, keys: index)
        return push
    }

    /// Sees to it that the keys of a meter are at hand; returns how many there are.
    private func prepareKeys(of memory: MeterMemory) async throws(StoreError) -> Int {
        let id = memory.id
        if keys[id]?.revision != memory.record.revision {
            let titles = try await store.systemTitles(of: id)
            if keys.count >= Self.mostMeters { keys.removeAll() }
            keys[id] = PushKeys(memory, titles: titles)
        }
        return keys[id]?.entries.count ?? 0
    }

    // MARK: Unprotected messages

    private func judgeUnprotected(_ arrival: PushArrival, _ apdu: [UInt8]) async throws -> JudgedPush {
        let message = UnsolicitedMessage(apdu)
        if case .other = message { throw PushRefusal.undecodable }
        let behind = try await senders.meters(behind: arrival)
        let names = Self.content(of: message)?.names ?? []
        let named = try await senders.meters(names.map { SenderIdentity(.name, $0) })
        let both = behind.filter { named.contains($0) }
        let id: MeterID
        let trust: PushTrust
        switch (behind.count, named.count, both.count) {
        case (0, 0, _): throw PushRefusal.unknownSender
        case (_, _, 1): (id, trust) = (both[0], .address)
        case (1, 0, _): (id, trust) = (behind[0], .address)
        case (0, 1, _): (id, trust) = (named[0], .content)
        case (1..., 1..., 0): throw PushRefusal.contradiction
        default: throw PushRefusal.ambiguousSender
        }
        guard let memory = try? await directory.memory(of: id.text) else { throw PushRefusal.unknownSender }
        guard accepts(memory, trust) else { throw PushRefusal.unprotected }
        return JudgedPush(memory: memory, message: message, trust: trust)
    }

    /// Whether messages of a meter are taken that prove nothing.
    private func accepts(_ memory: MeterMemory, _ trust: PushTrust) -> Bool {
        let configuration = memory.record.configuration
        if let accepts = configuration.push.acceptsUnprotected { return accepts }
        let hasKeys = configuration.associations.values.contains { $0.security?.protection.isEmpty == false }
        guard !hasKeys else { return false }
        return switch policy.unprotected {
        case .never: false
        case .knownAddress: trust == .address
        case .any: true
        }
    }

    private static func content(of message: UnsolicitedMessage) -> PushedContent? {
        guard case .dataNotification(let notification) = message else { return nil }
        return PushDecoder().content(of: notification.body)
    }

    // MARK: News

    /// Refuses what was recorded and is played back; marks what comes again because its confirmation was lost.
    private func checkNews(_ push: inout JudgedPush, digest: String) async throws {
        let memory = push.memory
        guard push.trust == .proven, let protection = push.protection, let counter = protection.opened.counter,
            !memory.behaviour.behaviour.meterCounterRestarts, let entry = keys[memory.id]?.entries[protection.keys]
        else {
            push.isRepeated = isRepeated(push, digest)
            return
        }
        let title = SystemTitle(protection.opened.systemTitle)
        guard let title else { throw PushRefusal.notDeciphered }
        let id = InvocationCounterID(key: entry.key(of: counter), systemTitle: title)
        try await prepareMarks(of: memory.id)
        let last = marks[memory.id]?.last[id]
        if let last, counter.value <= last.value {
            guard counter.value == last.value, digest == last.digest else { throw PushRefusal.replayed }
            push.isRepeated = true
            return
        }
        let mark = PushMark(meter: memory.id, id: id, value: counter.value, digest: digest)
        push.mark = mark
        push.markBefore = last
        marks[memory.id]?.last[id] = mark
    }

    /// A message could not be kept and counts as not come.
    func takeBack(_ push: JudgedPush) {
        guard let mark = push.mark else { return }
        marks[push.memory.id]?.last[mark.id] = push.markBefore
    }

    private func prepareMarks(of meter: MeterID) async throws(StoreError) {
        let now = ContinuousClock.Instant.now
        if let known = marks[meter], now - known.askedAt < Self.trust { return }
        var fresh = Marks(askedAt: now)
        for mark in try await store.pushMarks(of: meter) { fresh.last[mark.id] = mark }
        // What waits to be kept is higher than what the store knows.
        for (id, mark) in marks[meter]?.last ?? [:] where fresh.last[id].map({ $0.value < mark.value }) ?? true {
            fresh.last[id] = mark
        }
        if marks.count >= Self.mostMeters { marks.removeAll() }
        marks[meter] = fresh
    }

    /// Whether an unprotected message has come before: one that tells its time or wants a confirmation is never the same
    /// twice.
    private func isRepeated(_ push: JudgedPush, _ digest: String) -> Bool {
        guard push.isUnique else { return false }
        let id = push.memory.id
        if digests[id]?.contains(digest) == true { return true }
        if digests.count >= Self.mostMeters { digests.removeAll() }
        digests[id, default: []].append(digest)
        if digests[id, default: []].count > Self.rememberedDigests { digests[id]?.removeFirst() }
        return false
    }

    // MARK: Answers

    /// The next of our counters for an answer; nil when there is none.
    func counter(
        _ protection: JudgedPush.Protection,
        of meter: MeterID,
        from custodian: CounterCustodian?
    ) async -> UInt32? {
        guard let custodian, let entry = keys[meter]?.entries[protection.keys] else { return nil }
        let key = protection.opened.counter.map { entry.key(of: $0) } ?? entry.unicast
        let id = InvocationCounterID(key: key, systemTitle: entry.clientTitle)
        if counters[id]?.isEmpty ?? true {
            if counters.count >= Self.mostMeters { counters.removeAll() }
            guard let reserved = try? await custodian.reserve(id, count: 1) else { return nil }
            counters[id] = reserved
        }
        guard let next = counters[id]?.first, let value = UInt32(exactly: next), value < .max else { return nil }
        counters[id]?.removeFirst()
        return value
    }

    /// An answer with the protection of what it answers; nil when that cannot be done.
    func protect(
        _ apdu: [UInt8],
        _ protection: JudgedPush.Protection,
        of meter: MeterID,
        counter: UInt32
    ) -> [UInt8]? {
        try? keys[meter]?.entries[protection.keys].opener.protect(
            apdu,
            answering: protection.opened,
            counter: counter
        )
    }
}

extension JudgedPush {
    /// Whether no other message of the meter has the same octets.
    fileprivate var isUnique: Bool {
        switch message {
        case .dataNotification(let notification): !notification.dateTime.isEmpty || notification.invoke.isConfirmed
        case .eventNotification(let notification): notification.time != nil
        case .informationReport(let report, _): report.currentTime != nil
        case .other: false
        }
    }
}
