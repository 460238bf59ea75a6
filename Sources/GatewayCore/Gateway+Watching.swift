// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
public import Fleet
public import MeterSessions

/// Finding out what is wrong with the way to a meter.
extension Gateway {
    /// What came of trying the way to a meter step by step.
    public struct CheckAnswer: Sendable {
        /// A step with what came of it.
        public struct Step: Sendable {
            /// The step.
            public let step: MeterCheck.Step
            /// Whether it was taken.
            public let isTaken: Bool
            /// Why it failed, with a hint what to do; nil if it did not.
            public let failure: GatewayError?
            /// How long it took.
            public let duration: Duration
        }

        /// The association that was opened.
        public let association: String
        /// All steps in their order.
        public let steps: [Step]
        /// The logical device name, or the identification of the text protocol, that the meter answered with.
        ///
        /// Nil if it did not, or with no text.
        public let deviceName: String?

        /// Whether no step failed.
        public var isWell: Bool { steps.allSatisfy { $0.failure == nil } }
    }

    /// Tries the way to a meter step by step, on a fresh connection, alone on the channel, when its turn has come.
    ///
    /// Pauses after failures do not hold it back.
    /// - Throws: when it did not come to the first step: the channel was busy or held for as long as the caller waits.
    public func check(_ id: String, _ wishes: Wishes) async throws(GatewayError) -> CheckAnswer {
        let memory = try await directory.memory(of: id)
        let association = try association(wishes.association, for: .reading, memory)
        let context = ExchangeContext(
            meter: memory.id,
            association: association,
            channel: memory.route.channel.text,
            endpoint: memory.route.medium.description,
            timeouts: memory.record.configuration.timeouts,
            service: .get,
            present: PresentTime(clock)
        )
        let check: MeterCheck
        do throws(SessionError) {
            check = try await access.check(
                memory.route,
                association: association,
                deadline: wishes.budget.deadline,
                priority: wishes.priority,
                caller: wishes.budget.caller
            )
        } catch {
            throw GatewayError(error, context, waited: wishes.budget.length)
        }
        let steps = check.results.map { result in
            var failure: GatewayError?
            if case .failed(let error) = result.outcome {
                failure = GatewayError(error, context, waited: wishes.budget.length)
            }
            return CheckAnswer.Step(
                step: result.step,
                isTaken: result.outcome != .skipped,
                failure: failure,
                duration: result.duration
            )
        }
        if let failure = steps.lazy.compactMap(\.failure).first {
            await exchange.tell(failure, of: memory)
        } else {
            exchange.news.answered(memory.id, share: memory.route.share, while: memory.isPresent)
        }
        return CheckAnswer(
            association: association,
            steps: steps,
            deviceName: check.response.flatMap { Self.name(in: $0) }
        )
    }

    /// What goes over the line while it is used for a meter, from now on and until the stream is left.
    ///
    /// Passwords of low-level security stand in the octets in clear: who shows them has to mask those.
    public func trace(_ id: String) async throws(GatewayError) -> AsyncStream<TraceEvent> {
        let memory = try await directory.memory(of: id)
        return await access.trace(meter: memory.id.text)
    }

    private static func name(in response: ServiceResponse) -> String? {
        switch response {
        case .get(let results):
            guard let value = results.first.flatMap({ try? $0.value() }) else { return nil }
            switch value {
            case .octetString(let octets), .visibleString(let octets):
                return String(validating: octets, as: UTF8.self)
            default: return nil
            }
        case .text(.identification(let message)): return message.manufacturer + message.identification
        default: return nil
        }
    }
}
