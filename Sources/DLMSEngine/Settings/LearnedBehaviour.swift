// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What was found out about a server by talking to it, so that it need not be found out again.
///
/// ``AssociationInfo/learned`` has it during an association; who keeps it hands it into the next one by
/// ``AssociationSettings/learned``. All of it may be forgotten at any time: it costs a few exchanges to learn it again.
public struct LearnedBehaviour: Hashable, Sendable {
    /// What is known about something that a server may agree to and still not do.
    public enum Support: String, Hashable, Sendable, CaseIterable {
        /// Nothing, it was not used so far.
        case untried
        /// It was answered well.
        case works
        /// It was met with silence once; whether the server was silent altogether has to show.
        case unanswered
        /// It was met with silence once, and other requests were answered: it may have been a loss, so it is tried again.
        case doubted
        /// It was met with silence twice, and other requests were answered: it is not used, until one of them is met with
        /// silence, too. Silence is no refusal, so that nobody should keep this for longer than a process lives.
        case silent
        /// It was refused or answered wrongly, so it is not used any more.
        case refused

        /// Whether nothing speaks against using it.
        public var isUsable: Bool {
            switch self {
            case .untried, .works, .doubted: true
            case .unanswered, .silent, .refused: false
            }
        }

        /// Whether silence is why it is not used.
        public var isSilence: Bool { self == .unanswered || self == .silent }

        /// A request was met with silence, whether it used this or did without.
        mutating func noteSilence(isList: Bool) {
            switch self {
            case .untried where isList: self = .unanswered
            case .doubted where isList: self = .silent
            case .unanswered where !isList: self = .untried
            case .silent where !isList: self = .doubted
            case .untried, .works, .unanswered, .doubted, .silent, .refused: break
            }
        }

        /// A request that did without this was answered.
        mutating func noteAnswerWithout() {
            if self == .unanswered { self = .doubted }
        }
    }

    /// What is known about GET with-list.
    public var readLists = Support.untried
    /// What is known about SET with-list.
    public var writeLists = Support.untried
    /// What is known about ACTION with-list.
    public var methodLists = Support.untried
    /// What is known about the ACCESS service.
    public var access = Support.untried
    /// The most items of a list that was answered well; 0 = none.
    public var longestList = 0
    /// The most items that the server takes in one list; nil = no limit was met.
    public var listMaximum: Int?
    /// The longest request before protection that the server takes, in octets; nil = as long as it announces.
    ///
    /// It is halved each time the server calls a request too long (pdu-too-long) that its announced size allows.
    public var requestLimit: Int?
    /// What the blocks of a long answer to an ACTION hold; nil = not seen so far.
    public var actionBlockContent: ActionBlockContent?
    /// The selectors of profile buffers (class 7, attribute 2) that the server refuses, such as 1 for ranges.
    ///
    /// Nothing in the engine sets or obeys it; it is for the layer that reads profiles.
    public var refusedSelectors: Set<UInt8> = []

    /// Nothing is known.
    public init() {}

    /// Whether anything is known.
    public var isEmpty: Bool { self == LearnedBehaviour() }

    /// The most items to put in a list, within what the settings allow.
    func listLength(_ allowed: Int) -> Int {
        max(min(allowed, listMaximum ?? allowed), 1)
    }

    /// A list of so many items was answered well.
    mutating func listWorked(_ count: Int) {
        longestList = max(longestList, count)
    }
}

/// What the blocks of a long response to an ACTION hold; sources disagree.
public enum ActionBlockContent: String, Hashable, Sendable, CaseIterable {
    /// The action-result with an optional Get-Data-Result.
    case outcome
    /// The returned Data only.
    case returnedData
}
