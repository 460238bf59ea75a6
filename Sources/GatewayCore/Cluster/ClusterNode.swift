// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
import Jobs
public import Logging
public import MeterSessions
import Synchronization

/// This gateway among those that share its database: it says that it lives, takes its part of the lines to meters, and
/// gives back what is too much, without anybody to lead.
public final class ClusterNode: Sendable {
    /// How a gateway takes part.
    public struct Settings: Hashable, Sendable {
        /// For how long it is believed to be alive without being heard of.
        public var lease: Duration
        /// How long exchanges that were begun may go on before their line goes to another gateway.
        public var handOver: Duration

        /// Makes settings.
        public init(lease: Duration = .seconds(15), handOver: Duration = .seconds(10)) {
            self.lease = lease
            self.handOver = handOver
        }

        /// How often it is heard of.
        var interval: Duration { lease / 5 }
        /// So long before the others may take what it has, it stops to use it.
        var margin: Duration { lease / 5 }
    }

    private struct State {
        /// Since when it has been heard of in time without a gap.
        var heardSince: ContinuousClock.Instant?
        var isDraining = false
        /// Whether another start of the same name has taken its place.
        var isReplaced = false
        var hasLapsed = false
        var wasUnheard = false
        var yielding: Set<Int> = []
    }

    /// This start of this gateway.
    public let record: NodeRecord
    /// What it holds.
    public let shares: HeldShares

    let store: any NodeStore
    let meters: any MeterStore
    let channels: any ChannelStore
    let access: any MeterAccess
    let controls: ChannelControls
    let jobs: JobQueue
    let directory: MeterDirectory
    let dialIns: DialInIdentities
    private let settings: Settings
    let clock: SessionClock
    let logger: Logger
    private let state = Mutex(State())
    private let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Takes a place among the gateways.
    ///
    /// - Parameters:
    ///   - gateway: this gateway; its meters are those of the store.
    ///   - record: this start, as the store has entered it.
    ///   - shares: what the connection manager asks before it uses a line.
    ///   - settings: how it takes part.
    ///   - clock: the time.
    ///   - logger: told who comes and goes.
    public init(
        of gateway: Gateway,
        record: NodeRecord,
        shares: HeldShares,
        settings: Settings = Settings(),
        clock: SessionClock = .continuous,
        logger: Logger
    ) {
        self.record = record
        self.shares = shares
        self.settings = settings
        self.clock = clock
        self.logger = logger
        store = gateway.store
        meters = gateway.store
        channels = gateway.store
        access = gateway.access
        controls = gateway.controls
        jobs = gateway.jobs
        directory = gateway.directory
        dialIns = gateway.administration.dialIns
    }

    /// Whether it has a place among the gateways at this moment: it was heard of in time.
    public var isHeard: Bool { shares.until.map { clock.now() < $0 } ?? false }

    /// Takes part until the task is cancelled.
    public func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.beatOnAndOn() }
            group.addTask { await self.watch() }
            group.addTask { await self.jobs.follow() }
            group.addTask { await self.followCallers() }
            group.addTask {
                for await _ in self.store.nodeChanges() { self.wake.yield() }
            }
            group.addTask {
                for await meter in self.store.configurationChanges() {
                    if let meter { self.directory.forget(meter) } else { self.directory.forgetAll() }
                    await self.expectCallers(meter)
                }
            }
        }
    }

    /// Gives everything to the others, in good order, and takes nothing any more.
    public func drain() async {
        state.withLock { $0.isDraining = true }
        await beat()
    }

    /// Has nothing any more, and says so.
    public func leave() async {
        shares.lapse()
        do throws(StoreError) {
            try await store.leave(record.holder)
        } catch {
            logger.warning("cannot tell the other gateways that this one ends", metadata: ["error": "\(error)"])
        }
    }

    /// Looks soon again who has what.
    public func lookAgain() {
        wake.yield()
    }

    // MARK: Being heard of

    private func beatOnAndOn() async {
        // A look is due at intervals, and whenever somebody tells of a change.
        await withDiscardingTaskGroup { group in
            group.addTask {
                while !Task.isCancelled {
                    self.wake.yield()
                    guard (try? await self.clock.sleep(self.clock.now() + self.settings.interval)) != nil else { break }
                }
                self.wake.finish()
            }
            for await _ in wakes {
                guard !Task.isCancelled, !state.withLock({ $0.isReplaced }) else { break }
                let yielded = await look()
                // Lines go over beside the beats, or the gateway would be taken for dead meanwhile.
                if !yielded.isEmpty { group.addTask { await self.handOver(yielded) } }
            }
        }
    }

    /// Says once that the gateway lives, and takes and gives back what is due; what is given back is gone when it returns.
    func beat() async {
        let yielded = await look()
        if !yielded.isEmpty { await handOver(yielded) }
    }

    /// Says once that the gateway lives, and takes what is due; returns what is to be given back.
    private func look() async -> Set<Int> {
        let begun = clock.now()
        let (isDraining, mayInherit) = state.withLock { state in
            (state.isDraining, state.heardSince.map { $0.duration(to: begun) >= settings.lease } ?? false)
        }
        let view: NodeView
        do throws(StoreError) {
            view = try await store.beat(
                NodeBeat(
                    holder: record.holder,
                    lease: settings.lease,
                    isDraining: isDraining,
                    mayInherit: mayInherit
                )
            )
            // After lines were taken and before they are used: who gave one up knew what operators want of it.
            try await controls.follow()
        } catch {
            await noteUnheard(error)
            return []
        }
        let until = begun + settings.lease - settings.margin
        // Too late to count on: the others may take what it has at any moment.
        guard clock.now() < until else { return [] }
        let isBack = state.withLock { state in
            if state.heardSince == nil || state.hasLapsed { state.heardSince = begun }
            defer { (state.hasLapsed, state.wasUnheard) = (false, false) }
            return state.wasUnheard
        }
        if isBack, let lines = access.standingLines {
            for key in lines.connected { await noteCaller(key) }
        }
        if isBack { logger.notice("the database answers again", metadata: ["node": "\(record.name)"]) }
        let lost = shares.update(view, of: record.holder, until: until)
        if !lost.isEmpty { directory.forgetAll(findingsOf: lost) }
        if !view.taken.isEmpty {
            logger.info("took lines over", metadata: ["shares": "\(view.taken.count)"])
            jobs.lookForWork()
        }
        await bury(view.dead)
        return state.withLock { state in
            let new = Set(view.yielded.map(\.number)).subtracting(state.yielding)
            state.yielding.formUnion(new)
            return new.union(lost.subtracting(state.yielding))
        }
    }

    /// What gateways that are gone worked on is taken up again.
    private func bury(_ dead: Set<NodeHolder>) async {
        for holder in dead.sorted(by: { $0.text < $1.text }) {
            logger.notice("another gateway is gone", metadata: ["node": "\(holder)"])
            do throws(JobStoreError) {
                try await jobs.recover(holder: holder.text)
            } catch {
                // The next look finds it again.
                logger.warning("cannot take up work of another gateway", metadata: ["error": "\(error)"])
            }
        }
    }

    private func noteUnheard(_ error: StoreError) async {
        if case .preconditionFailed = error {
            state.withLock { $0.isReplaced = true }
            logger.critical(
                "another gateway was started under the name of this one, or it was removed: it uses no meter any more",
                metadata: ["node": "\(record.holder)"]
            )
            await stopUsingLines()
            return
        }
        let isNew = state.withLock { state in
            defer { state.wasUnheard = true }
            return !state.wasUnheard
        }
        if isNew { logger.error("cannot reach the database", metadata: ["error": "\(error)"]) }
    }

    // MARK: Giving up lines

    private func handOver(_ numbers: Set<Int>) async {
        await access.surrender({ numbers.contains($0) }, within: settings.handOver)
        do throws(StoreError) {
            try await store.release(numbers.sorted().map(ChannelShare.init(number:)), of: record.holder)
            logger.info("gave lines back", metadata: ["shares": "\(numbers.count)"])
        } catch {
            // Still marked as leaving; the next look gives them back again.
            logger.warning("cannot give lines back", metadata: ["error": "\(error)"])
        }
        state.withLock { $0.yielding.subtract(numbers) }
    }

    /// Stops to use all lines when the gateway was not heard of for so long that others may take them.
    private func watch() async {
        while !Task.isCancelled {
            let next = shares.until ?? clock.now() + settings.interval
            guard (try? await clock.sleep(next)) != nil else { return }
            await lapseIfUnheard()
        }
    }

    /// Stops to use all lines if the time is over for which they are held.
    func lapseIfUnheard() async {
        guard let until = shares.until, clock.now() >= until else { return }
        logger.error("not heard of in time: no meter is used until the database answers again")
        await stopUsingLines()
    }

    private func stopUsingLines() async {
        state.withLock { state in
            state.hasLapsed = true
            state.heardSince = nil
        }
        shares.lapse()
        directory.forgetAll()
        await access.surrender({ _ in true }, within: settings.margin / 2)
    }
}
