// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

extension ClientExchange {
    /// The server refused what was sent last with an error that names no service.
    ///
    /// A request that was too long is made shorter. A list of reads is asked for in another way whatever the error says;
    /// one of writes or invocations only if the error says that nothing of it was done.
    ///
    /// What changes something is sent again only if it is certain that the error is the server's, and that no part of the
    /// request was taken: anybody on the way may keep an answer back and refuse in clear in its place.
    ///
    /// - Parameter isProven: whether the error was protected as the request was.
    mutating func refused(
        _ error: EngineError,
        isProven: Bool,
        _ association: inout ClientAssociation
    ) -> Step {
        if case .shortName(var exchange) = self {
            let step = exchange.refused(error, isProven: isProven, &association)
            self = .shortName(exchange)
            return step
        }
        let mayRepeat = isRead || (isProven && !isPartlyTaken)
        if error.saysTooLong, association.shrinkRequests() {
            // Else only the next request is shorter.
            return mayRepeat ? startAgain(&association) : .failed(error)
        }
        switch self {
        case .get(var plan, _), .getByAccess(var plan, _):
            guard plan.asksForList else { return .failed(error) }
            if case .exceptionResponse(let exception) = error, exception.stateError == .serviceNotAllowed {
                return .failed(error)
            }
            plan.listRefused(&association.info)
            return follow(Self.nextGet(plan, &association))
        case .set(var plan, _):
            guard plan.asksForList else { return .failed(error) }
            guard error.saysNotSupported, mayRepeat else { return giveUp(\.writeLists, error, &association) }
            plan.listRefused(&association.info)
            return follow(Self.nextSet(plan, &association))
        case .action(var plan, _):
            guard plan.asksForList else { return .failed(error) }
            guard error.saysNotSupported, mayRepeat else { return giveUp(\.methodLists, error, &association) }
            plan.listRefused(&association.info)
            return follow(Self.nextAction(plan, &association))
        case .access: return error.saysNotSupported ? giveUp(\.access, error, &association) : .failed(error)
        case .shortName, .unconfirmed, .modifying: return .failed(error)
        }
    }

    /// Nothing came in time, or the connection ended while an answer was awaited.
    ///
    /// Observed: meters that are silent on lists. That they are silent on everything shows with the next request.
    func unanswered(_ awaited: Awaited, _ info: inout AssociationInfo) {
        func note(_ support: WritableKeyPath<LearnedBehaviour, LearnedBehaviour.Support>, isList: Bool) {
            info.learned[keyPath: support].noteSilence(isList: isList)
        }
        switch (self, awaited) {
        case (.get(let plan, _), .getResponse): note(\.readLists, isList: plan.asksForList)
        case (.getByAccess, .accessResponse), (.access, .accessResponse): note(\.access, isList: true)
        case (.set(let plan, _), .setResponse): note(\.writeLists, isList: plan.asksForList)
        case (.action(let plan, _), .actionResponse): note(\.methodLists, isList: plan.asksForList)
        case (.shortName(let exchange), .getResponse): note(\.readLists, isList: exchange.asksForList)
        case (.shortName(let exchange), .setResponse): note(\.writeLists, isList: exchange.asksForList)
        default: break
        }
    }

    /// Whether the server has acknowledged a block of the request in progress.
    private var isPartlyTaken: Bool {
        switch self {
        case .set(_, let exchange): exchange.isPartlyTaken
        case .action(_, let exchange): exchange.isPartlyTaken
        case .get, .getByAccess, .access, .shortName, .unconfirmed, .modifying: false
        }
    }

    private func giveUp(
        _ support: WritableKeyPath<LearnedBehaviour, LearnedBehaviour.Support>,
        _ error: EngineError,
        _ association: inout ClientAssociation
    ) -> Step {
        association.info.learned[keyPath: support] = .refused
        return .failed(error)
    }

    /// Asks for what is in progress once more, because nothing of it was done.
    private mutating func startAgain(_ association: inout ClientAssociation) -> Step {
        switch self {
        case .get(var plan, _), .getByAccess(var plan, _):
            plan.askAgain()
            return follow(Self.nextGet(plan, &association))
        case .set(let plan, _): return follow(Self.nextSet(plan, &association))
        case .action(let plan, _): return follow(Self.nextAction(plan, &association))
        case .access(let plan, _): return follow(Self.nextAccess(plan, &association))
        case .shortName, .unconfirmed, .modifying: return .ignored
        }
    }

    private mutating func follow(_ next: (ClientExchange?, Step)) -> Step {
        if let exchange = next.0 { self = exchange }
        return next.1
    }
}
