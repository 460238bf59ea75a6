// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import Logging
import Timekeeping

/// Asks meters for what their messages do not tell: push object lists and scalers; each meter rarely, few at a time.
///
/// What could not be read for lack of a list stands among the events; what comes after the list was read becomes readings.
actor PushLearner {
    /// How many meters are asked at once.
    private static let mostAtOnce = 4
    /// How many meters wait to be asked.
    private static let mostWaiting = 1000
    /// A meter is not asked again for so long.
    private static let pause = Duration.seconds(3600)
    /// With more meters than this in memory all are forgotten.
    private static let mostMeters = 50_000
    private static let wait = Duration.seconds(60)
    /// Behind everything that somebody waits for.
    private static let priority: UInt8 = 2
    private static let usualSetup = OBISCode(0, 0, 25, 9, 0, 255)

    private struct Question {
        let memory: MeterMemory
        let wantsLists: Bool
        let registers: [CaptureObject]
    }

    private unowned let gateway: Gateway
    private let logger: Logger
    private var askedAt: [MeterID: ContinuousClock.Instant] = [:]
    private var waiting: [Question] = []
    private var running = 0

    init(gateway: Gateway, logger: Logger) {
        self.gateway = gateway
        self.logger = logger
    }

    /// A message could not be read as a whole.
    func wanted(_ memory: MeterMemory, lists: Bool, scalersOf registers: [CaptureObject]) {
        let now = ContinuousClock.Instant.now
        if let last = askedAt[memory.id], now - last < Self.pause { return }
        guard waiting.count < Self.mostWaiting else { return }
        if askedAt.count >= Self.mostMeters { askedAt.removeAll() }
        askedAt[memory.id] = now
        waiting.append(Question(memory: memory, wantsLists: lists, registers: registers))
        goOn()
    }

    private func goOn() {
        while running < Self.mostAtOnce, !waiting.isEmpty {
            let question = waiting.removeFirst()
            running += 1
            Task {
                await ask(question)
                running -= 1
                goOn()
            }
        }
    }

    private func ask(_ question: Question) async {
        do throws(GatewayError) {
            var registers = question.registers
            if question.wantsLists {
                for list in try await askLists(question.memory) { registers += list.filter(\.hasScaler) }
            }
            try await askScalers(of: registers, question.memory)
        } catch {
            logger.info(
                "a meter was not asked for what it pushes",
                metadata: ["meter": "\(question.memory.id)", "problem": "\(error.name)"]
            )
        }
    }

    /// The time begins anew with each errand.
    private var wishes: Gateway.Wishes {
        Gateway.Wishes(budget: WaitBudget(Self.wait, caller: "push"), priority: Self.priority)
    }

    private func askLists(_ memory: MeterMemory) async throws(GatewayError) -> [[CaptureObject]] {
        let objects = try? await gateway.objectList(of: memory.id.text, wishes)
        let listed = objects?.list.entries.filter { $0.classID == PushLists.pushSetup }.map(\.logicalName) ?? []
        let setups = listed.isEmpty ? [Self.usualSetup] : listed
        let association = try gateway.association(nil, for: .reading, memory)
        let answer = try await gateway.reader.read(
            setups.map {
                AttributeQuery(object: $0, classID: PushLists.pushSetup, attribute: .index(PushLists.objectList))
            },
            for: wishes.errand(at: memory, in: association),
            freshness: Freshness(maxAge: .zero)
        )
        var lists: [[CaptureObject]] = []
        for (setup, outcome) in zip(setups, answer.outcomes) {
            guard case .success(let reading) = outcome.result, let list = CaptureObject.list(reading.data),
                !list.isEmpty
            else { continue }
            lists.append(list)
            try await translating(await gateway.pushLists.keep(list, of: setup, meter: memory.id))
        }
        return lists
    }

    /// Reads scalers, which the memory of the meter keeps.
    private func askScalers(of registers: [CaptureObject], _ memory: MeterMemory) async throws(GatewayError) {
        let queries = Set(
            registers.map { AttributeQuery(object: $0.logicalName, classID: $0.classID, attribute: .index(3)) }
        )
        guard !queries.isEmpty else { return }
        let association = try gateway.association(nil, for: .reading, memory)
        let answer = try await gateway.reader.read(
            Array(queries),
            for: wishes.errand(at: memory, in: association),
            freshness: .usual
        )
        let now = gateway.clock.now()
        for outcome in answer.outcomes {
            guard case .success(let reading) = outcome.result, let scalerUnit = ScalerUnit(reading.data),
                let classID = outcome.query.classID
            else { continue }
            let key = MeterMemory.ObjectKey(classID: classID, logicalName: outcome.query.object)
            memory.keep(scalerUnit, for: key, readAt: now)
        }
    }
}
