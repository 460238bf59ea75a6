// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Logging
import Synchronization

/// The keys of an issuer, as they were when they could be read last.
///
/// They are read by ``run()`` alone: every five minutes, and when a token names a key that is not among them, but not twice within ten
/// seconds, whatever comes. While they cannot be read, those from before stay in use for a day; tokens end sooner than that.
public final class IssuerKeys: Sendable {
    /// What there is to tell about the keys.
    public enum Condition: String, Sendable {
        /// They were read when it was tried last.
        case current = "ok"
        /// They could not be read when it was tried last; those from before are in use.
        case stale
        /// There are none.
        case missing = "failed"
    }

    /// How often keys are read.
    struct Pace {
        /// The time between two reads; a key that the issuer withdrew ends then.
        var period = Duration.seconds(300)
        /// The time after a read that failed.
        var retry = Duration.seconds(15)
        /// The least time between two reads.
        var pause = Duration.seconds(10)
        /// How long keys are used after they were read.
        var longest = Duration.seconds(86_400)
    }

    private struct State {
        var keys: TokenKeySet?
        var octets: [UInt8] = []
        /// Counts the sets that were different.
        var edition = 0
        var readAt: ContinuousClock.Instant?
        var triedAt: ContinuousClock.Instant?
        var fault: String?
        var hasEnded = false
        var isReading = false
        var waiting: [CheckedContinuation<Void, Never>] = []

        mutating func takeWaiting() -> [CheckedContinuation<Void, Never>] {
            defer { waiting = [] }
            return waiting
        }
    }

    private let source: any IssuerKeySource
    private let pace: Pace
    private let logger: Logger
    private let state = Mutex(State())
    private let asked = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Keys of a source; nothing is read before ``run()``.
    public convenience init(_ source: any IssuerKeySource, logger: Logger) {
        self.init(source, pace: Pace(), logger: logger)
    }

    /// Keys of a source that are read at another pace.
    init(_ source: any IssuerKeySource, pace: Pace, logger: Logger) {
        self.source = source
        self.pace = pace
        self.logger = logger
    }

    /// How the keys are.
    public var condition: Condition {
        state.withLock { state in
            guard usable(state) != nil else { return .missing }
            return state.fault == nil ? .current : .stale
        }
    }

    /// The keys with the number of their edition, if they can tell about a key at once.
    ///
    /// - Parameter id: the key that is looked for; nil takes any.
    func atHand(for id: String?) -> (keys: TokenKeySet, edition: Int)? {
        state.withLock { state in
            guard let keys = usable(state), keys.contains(id) || !mayWait(state) else { return nil }
            return (keys, state.edition)
        }
    }

    /// The keys, read again first if a key is not among them and it is time for that; nil when there are none.
    ///
    /// Waits for ``run()``, also when that has not begun yet.
    func keys(for id: String?) async -> (keys: TokenKeySet, edition: Int)? {
        if let keys = atHand(for: id) { return keys }
        await withCheckedContinuation { continuation in
            let isWaiting = state.withLock { state in
                guard mayWait(state) else { return false }
                state.waiting.append(continuation)
                return true
            }
            if isWaiting { asked.continuation.yield() } else { continuation.resume() }
        }
        return state.withLock { state in usable(state).map { ($0, state.edition) } }
    }

    /// The number of the edition in use.
    var edition: Int { state.withLock { $0.edition } }

    private func usable(_ state: State) -> TokenKeySet? {
        guard let keys = state.keys, let readAt = state.readAt, ContinuousClock.now - readAt < pace.longest else {
            return nil
        }
        return keys
    }

    private func mayWait(_ state: State) -> Bool {
        !state.hasEnded && (state.isReading || mayRead(state))
    }

    private func mayRead(_ state: State) -> Bool {
        state.triedAt.map { ContinuousClock.now - $0 >= pace.pause } ?? true
    }

    // MARK: Reading

    /// Reads the keys again and again until it is cancelled; once only.
    public func run() async {
        await withTaskGroup { group in
            group.addTask { [self] in
                while !Task.isCancelled {
                    asked.continuation.yield()
                    try? await Task.sleep(for: pace.retry)
                    if condition == .current { try? await Task.sleep(for: pace.period - pace.retry) }
                }
                asked.continuation.finish()
            }
            group.addTask { [self] in
                for await _ in asked.stream { await readIfItIsTime() }
            }
        }
        wake(
            state.withLock { state in
                state.hasEnded = true
                return state.takeWaiting()
            }
        )
    }

    /// Reads the keys now, even if they were read a moment ago.
    public func readAgain() {
        state.withLock { $0.triedAt = nil }
        asked.continuation.yield()
    }

    private func readIfItIsTime() async {
        let isTime = state.withLock { state in
            guard mayRead(state) else { return false }
            state.triedAt = .now
            state.isReading = true
            return true
        }
        guard isTime else { return }
        let result: Result<(TokenKeySet, [UInt8]), IssuerKeyFault>
        do throws(IssuerKeyFault) {
            let octets = try await source.read()
            guard let keys = TokenKeySet(octets), keys.contains(nil) else {
                throw IssuerKeyFault(reason: "it is no JWK set with a key that can be used")
            }
            result = .success((keys, octets))
        } catch {
            result = .failure(error)
        }
        wake(
            state.withLock { state in
                settle(result, &state)
                state.isReading = false
                return state.takeWaiting()
            }
        )
    }

    private func settle(_ result: Result<(TokenKeySet, [UInt8]), IssuerKeyFault>, _ state: inout State) {
        switch result {
        case .success(let (keys, octets)):
            let isNew = octets != state.octets
            if isNew || state.fault != nil {
                logger.notice(
                    "the keys of the issuer were read",
                    metadata: ["keys": "\(keys.count)", "changed": "\(isNew)"]
                )
            }
            if isNew {
                state.keys = keys
                state.octets = octets
                state.edition += 1
            }
            state.readAt = .now
            state.fault = nil
        case .failure(let fault):
            // Told once, not with each try.
            if state.fault != fault.reason {
                let effect = usable(state) == nil ? "tokens are not taken" : "those from before stay in use"
                logger.warning(
                    "the keys of the issuer cannot be read",
                    metadata: ["reason": "\(fault.reason)", "effect": "\(effect)"]
                )
            }
            state.fault = fault.reason
        }
    }

    private func wake(_ waiting: [CheckedContinuation<Void, Never>]) {
        for continuation in waiting { continuation.resume() }
    }
}
