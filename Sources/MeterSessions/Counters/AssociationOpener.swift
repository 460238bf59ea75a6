// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import MeterTransport

/// Opens one association: with counters where messages are protected, and once more after following a meter whose
/// counter is ahead.
///
/// A meter that does not take our counter says so with the one it expects, or answers a deciphering error, or closes the
/// connection, or says nothing; the last three are worth a look at its counter object. Every try has a TCP connection of
/// its own where frames of the wrapper go over it, because many meters give a client no second chance on the same one.
struct AssociationOpener: Sendable {
    typealias Opened = (connection: MeterConnection, info: AssociationInfo)

    let route: MeterRoute
    let settings: AssociationSettings
    let plan: CounterPlan?
    let custody: (any CounterCustody)?
    let lines: LineSupply
    let keepsLine: Bool
    let onUnsolicited: @Sendable (UnsolicitedMessage) -> Void
    /// Told how far opening has come; only where somebody wants to know.
    var onStage: (@Sendable (OpeningStage) -> Void)?
    let onClose: @Sendable () -> Void

    /// Opens the association.
    ///
    /// - Throws: `SessionError.transport`, `SessionError.counters`.
    func open() async throws(SessionError) -> Opened {
        guard let plan, let custody else { return try await connect(settings, counters: nil) }
        do throws(SessionError) {
            return try await openProtected(plan, custody)
        } catch {
            guard case .transport(let failure) = error, try await mayTryAgain(after: failure, plan, custody) else {
                throw error
            }
            return try await openProtected(plan, custody)
        }
    }

    private func openProtected(
        _ plan: CounterPlan,
        _ custody: any CounterCustody
    ) async throws(SessionError) -> Opened {
        var offer = try await offer(plan, custody)
        if case .unknown = offer, let object = plan.object {
            try await follow(.firstUse(try await value(of: object)), plan, custody)
            offer = try await self.offer(plan, custody)
        }
        guard case .ready(let source, let lastServerCounter) = offer else {
            throw .transport(TransportError(.engine(.countersRefused(.noSource))))
        }
        var settings = settings
        settings.security?.lastServerCounter = lastServerCounter?.value
        settings.security?.lastServerCounterTitle = lastServerCounter?.systemTitle
        let opened = try await connect(settings, counters: source)
        custody.answered(opened.info, for: plan)
        return opened
    }

    /// Whether the meter was followed, so that opening the association again makes sense.
    ///
    /// - Throws: `SessionError.counters` when the meter is ahead but must not be followed.
    private func mayTryAgain(
        after failure: TransportError,
        _ plan: CounterPlan,
        _ custody: any CounterCustody
    ) async throws(SessionError) -> Bool {
        if case .engine(.invocationCounterError(let expected)) = failure.reason {
            try await follow(.expected(expected), plan, custody)
            // If we are above it now, then because another association of ours has been quicker.
            return true
        }
        guard failure.mayConcealCounter, let object = plan.object, await custody.mayInquire(for: plan) else {
            return false
        }
        let counter: UInt32
        do throws(SessionError) {
            counter = try await value(of: object)
        } catch {
            return false
        }
        return try await follow(.counterObject(counter), plan, custody)
    }

    private func connect(
        _ settings: AssociationSettings,
        counters: (any InvocationCounterSource)?
    ) async throws(SessionError) -> Opened {
        do throws(TransportError) {
            return try await MeterConnection.open(
                on: try await lines.line(),
                settings: settings,
                counters: counters,
                keepsLine: keepsLine,
                onUnsolicited: onUnsolicited,
                onStage: onStage,
                onClose: onClose
            )
        } catch {
            throw .transport(error)
        }
    }

    private func offer(
        _ plan: CounterPlan,
        _ custody: any CounterCustody
    ) async throws(SessionError) -> CounterOffer {
        do throws(CounterFault) {
            return try await custody.counters(for: plan)
        } catch {
            throw .counters(error)
        }
    }

    @discardableResult
    private func follow(
        _ hint: CounterHint,
        _ plan: CounterPlan,
        _ custody: any CounterCustody
    ) async throws(SessionError) -> Bool {
        do throws(CounterFault) {
            return try await custody.follow(hint, for: plan)
        } catch {
            throw .counters(error)
        }
    }

    /// Reads the counter object in an association of its own, which is closed again.
    private func value(of object: CounterObject) async throws(SessionError) -> UInt32 {
        let response: ServiceResponse
        var clear = object.settings
        clear.referencing = settings.referencing
        do throws(TransportError) {
            let opened = try await MeterConnection.open(
                on: try await lines.line(),
                settings: clear,
                keepsLine: keepsLine
            )
            let attribute = AttributeDescriptor(classID: 1, instanceID: object.logicalName, attributeID: 2)
            do throws(TransportError) {
                response = try await opened.connection.perform(.get([AttributeRequest(attribute)])).response
            } catch {
                await opened.connection.close(keepingLine: keepsLine)
                throw error
            }
            await opened.connection.release(keepingLine: keepsLine)
        } catch {
            guard error.isAnswerOfMeter, error.reason != .engine(.shortNamesOnly) else { throw .transport(error) }
            throw fault(object, .transport(error))
        }
        switch response {
        case .get(let results):
            guard let result = results.first else { throw fault(object, .noCounter) }
            if case .failure(let refusal) = result { throw fault(object, .refused(refusal.name)) }
            guard let counter = (try? result.value())?.flatMap(\.counter) else { throw fault(object, .noCounter) }
            return counter
        case .set, .sent, .action, .actions, .access, .streamed, .text: throw fault(object, .noCounter)
        }
    }

    private func fault(_ object: CounterObject, _ reason: CounterFault.ObjectFault) -> SessionError {
        let client = object.settings.link.clientAddress
        return .counters(.objectUnreadable(object: "\(object.logicalName)", client: client, reason: reason))
    }
}

extension TransportError {
    /// Whether a meter that does not take our counter may look like this.
    var mayConcealCounter: Bool {
        switch reason {
        case .answerTimeout, .closedByPeer: true
        case .engine(.exceptionResponse), .engine(.confirmedServiceError), .engine(.associationRejected): true
        case .engine, .nameNotResolved, .refused, .connectTimeout, .unreachable, .notBound, .portNotOpened, .tlsRefused,
            .converterRefused, .modem, .notDialledIn, .cancelled:
            false
        }
    }

    /// Whether the connection stood, so that the meter is what has to be looked at.
    fileprivate var isAnswerOfMeter: Bool {
        switch reason {
        case .answerTimeout, .closedByPeer, .engine: true
        case .nameNotResolved, .refused, .connectTimeout, .unreachable, .notBound, .portNotOpened, .tlsRefused,
            .converterRefused,
            .modem, .notDialledIn, .cancelled:
            false
        }
    }
}

extension DLMSData {
    /// The value as an invocation counter; nil if it cannot be one.
    fileprivate var counter: UInt32? {
        switch self {
        case .doubleLongUnsigned(let value): value
        case .longUnsigned(let value): UInt32(value)
        case .unsigned(let value): UInt32(value)
        case .long64Unsigned(let value): UInt32(exactly: value)
        case .doubleLong(let value): UInt32(exactly: value)
        case .long64(let value): UInt32(exactly: value)
        default: nil
        }
    }
}
