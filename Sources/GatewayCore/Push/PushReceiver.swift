// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import DLMSSecurity
import Fleet
public import Logging
public import MeterSessions
import MeterTransport
import Timekeeping

/// Takes what meters push: finds the meter, takes the protection off, checks the counter, keeps what it says, and then
/// confirms it.
///
/// Many messages are kept in one transaction. Nothing is confirmed before it is durable; what was not confirmed the meter
/// sends again, and what comes twice is kept once.
public actor PushReceiver {
    /// Why nothing could be kept is told so often at most.
    private static let firstPause = Duration.milliseconds(200)
    private static let longestPause = Duration.seconds(10)
    /// How often a message is tried that cannot be kept.
    private static let mostTries = 8

    let gateway: Gateway
    let policy: PushPolicy
    let logger: Logger
    let learner: PushLearner
    let desk: PushDesk
    private var isStopping = false

    /// Makes a receiver.
    public init(gateway: Gateway, policy: PushPolicy = PushPolicy(), logger: Logger) {
        self.gateway = gateway
        self.policy = policy
        self.logger = logger
        learner = PushLearner(gateway: gateway, logger: logger)
        desk = PushDesk(store: gateway.store, directory: gateway.directory, policy: policy)
    }

    /// Takes messages from the intake of the gateway until it is closed and empty.
    public func run() async {
        guard let intake = gateway.pushIntake else { return }
        do throws(StoreError) {
            try await gateway.store.fillSenderIdentities()
        } catch {
            logger.error("identities of senders could not be written down", metadata: ["reason": "\(error)"])
        }
        while true {
            let arrivals = await intake.next(most: policy.mostAtOnce)
            guard !arrivals.isEmpty else { return }
            await take(arrivals, intake)
        }
    }

    /// Takes what meters send in associations that the gateway has opened, until the stream ends.
    ///
    /// - Parameter notifications: those of the connection manager, which has confirmed them already.
    public func run(_ notifications: AsyncStream<MeterNotification>) async {
        for await notification in notifications {
            guard !Task.isCancelled else { return }
            guard let memory = try? await gateway.directory.memory(of: notification.meter) else { continue }
            let present = PresentTime(gateway.clock)
            let pushed = JudgedPush(
                memory: memory,
                message: notification.message,
                trust: .association,
                receivedAt: present.timestamp(of: notification.receivedAt)
            )
            let batch = await batch([pushed])
            _ = await keep(batch, tries: Self.mostTries)
        }
    }

    /// Tells that nothing more is tried that cannot be kept.
    public func stop() {
        isStopping = true
    }

    // MARK: A batch

    private func take(_ arrivals: [PushArrival], _ intake: PushIntake) async {
        let present = PresentTime(gateway.clock)
        var judged: [(arrival: PushArrival, push: JudgedPush)] = []
        for arrival in arrivals {
            do throws(PushRefusal) {
                var push = try await desk.judge(arrival)
                push.receivedAt = present.timestamp(of: arrival.receivedAt)
                judged.append((arrival, push))
            } catch {
                intake.refused(arrival.address, because: error.rawValue, names: await desk.names(in: arrival))
            }
        }
        guard await keep(await batch(judged.map(\.push)), tries: 2) else {
            return await takeSingly(judged, intake)
        }
        for entry in judged { await finish(entry.arrival, entry.push, intake) }
    }

    /// Keeps message by message after a batch could not be kept: one of them may be at fault, or the store is away.
    private func takeSingly(
        _ judged: [(arrival: PushArrival, push: JudgedPush)],
        _ intake: PushIntake
    ) async {
        for entry in judged {
            if await keep(await batch([entry.push]), tries: Self.mostTries) {
                await finish(entry.arrival, entry.push, intake)
            } else {
                await desk.takeBack(entry.push)
                intake.refused(entry.arrival.address, because: PushRefusal.notStored.rawValue, names: [])
            }
        }
    }

    private func finish(_ arrival: PushArrival, _ push: JudgedPush, _ intake: PushIntake) async {
        intake.identified(arrival.address, as: push.memory.id.text)
        guard let answer = await confirmation(of: push) else { return }
        arrival.answer(answer)
    }

    /// What several messages say, together.
    private func batch(_ pushes: [JudgedPush]) async -> PushedBatch {
        var batch = PushedBatch()
        var drafts: [EventFeed.Draft] = []
        var marks: [PushMark] = []
        for push in pushes where !push.isRepeated {
            let facts = PushedFacts(
                push.message,
                of: push.memory,
                trust: push.trust,
                lists: await gateway.pushLists.lists(of: push.memory.id),
                receivedAt: push.receivedAt
            )
            if !facts.readings.isEmpty {
                batch.readings.append(
                    ReadingBatch(
                        meter: push.memory.id,
                        origin: .push,
                        receivedAt: push.receivedAt,
                        readings: facts.readings
                    )
                )
            }
            drafts += facts.events
            if let mark = push.mark { marks.append(mark) }
            if policy.learns, facts.needsObjectList || !facts.unscaled.isEmpty {
                await learner.wanted(push.memory, lists: facts.needsObjectList, scalersOf: facts.unscaled)
            }
        }
        batch.events = gateway.events.events(of: drafts)
        batch.marks = marks
        return batch
    }

    /// Keeps a batch; false when it could not be kept.
    private func keep(_ batch: PushedBatch, tries: Int) async -> Bool {
        guard !batch.isEmpty else { return true }
        var pause = Self.firstPause
        for attempt in 1...tries {
            do throws(StoreError) {
                try await gateway.store.keepPushed(batch)
                gateway.events.tell(batch.events)
                await gateway.events.tellReadings(
                    batch.readings.map { readings in
                        // What is pushed is judged to be news before it gets here.
                        var receipt = ReadingReceipt()
                        receipt.values.new = readings.readings.count
                        return (readings, receipt)
                    }
                )
                return true
            } catch {
                logger.error("what meters pushed could not be kept", metadata: ["reason": "\(error)"])
            }
            guard attempt < tries, !isStopping else { return false }
            try? await gateway.clock.sleep(until: gateway.clock.now() + pause)
            pause = min(pause * 2, Self.longestPause)
        }
        return false
    }

    // MARK: Confirming

    /// The confirmation that the sender wants, protected as its message was; nil for none.
    private func confirmation(of push: JudgedPush) async -> [UInt8]? {
        guard case .dataNotification(let notification) = push.message, notification.invoke.isConfirmed else {
            return nil
        }
        let confirm = DataNotificationConfirm(invoke: notification.invoke).octets
        guard let protection = push.protection else { return confirm }
        guard let counter = await desk.counter(protection, of: push.memory.id, from: gateway.custodian) else {
            logger.error("a push is not confirmed: no invocation counter", metadata: ["meter": "\(push.memory.id)"])
            return nil
        }
        return await desk.protect(confirm, protection, of: push.memory.id, counter: counter)
    }
}
