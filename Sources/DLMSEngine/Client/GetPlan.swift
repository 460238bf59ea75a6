// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Reads any number of attributes with as few exchanges as the server allows.
///
/// Attributes are packed into lists when both sides agreed to multiple references, or into ACCESS requests where they
/// agreed to these only. A list that is refused is read in shorter ones, if such were answered before, and else one by
/// one; so are lists after it. Observed: meters that claim multiple references but fail lists, or are silent on them, and
/// answer items of too long a list with scope-of-access-violated; such items are tried once alone.
struct GetPlan: Hashable, Sendable {
    private let requests: [AttributeRequest]
    /// Whether the value is handed over in parts.
    let streams: Bool
    private var results: [GetResult?]
    /// Indices of attributes still to be read, in order.
    private var waiting: [Int]
    /// Indices of the attributes asked for in the exchange in progress.
    private var asked: [Int] = []
    /// Indices of attributes that failed in a list although they might not alone; the first is asked for alone.
    private var doubted: [Int] = []
    /// Indices of the attributes of the last list.
    private var lastList: [Int] = []
    private var lastListLength: Int { lastList.count }

    init(_ requests: [AttributeRequest], streams: Bool) {
        self.requests = requests
        self.streams = streams
        results = Array(repeating: nil, count: requests.count)
        waiting = Array(requests.indices)
    }

    /// The results so far, one for each attribute once ``next(_:settings:)`` returns nothing.
    var response: [GetResult] { results.map { $0 ?? .failure(.otherReason) } }

    /// Whether the exchange in progress is a list.
    var asksForList: Bool { asked.count > 1 }

    /// Whether the list in progress goes by ACCESS.
    private(set) var asksByAccess = false

    /// What to ask for in the next exchange; nothing when everything was read.
    mutating func next(_ info: AssociationInfo, settings: AssociationSettings) -> [AttributeRequest] {
        if let suspect = doubted.first {
            asked = [suspect]
        } else if let first = waiting.first {
            asked = [first]
            waiting.removeFirst()
            pack(info, settings)
        } else {
            asked = []
        }
        return asked.map { requests[$0] }
    }

    /// Takes the results of the exchange in progress, and what they teach about lists.
    mutating func finished(_ new: [GetResult], _ info: inout AssociationInfo) {
        let before = results[asked[0]]
        for (index, result) in zip(asked, new) {
            results[index] = result
        }
        if asked.count > 1 {
            doubted = suspects(asked, new)
            if doubted.isEmpty { listWorked(&info) }
        } else if !doubted.isEmpty {
            // Alone it went otherwise than in the list: the other suspects need their own try, too.
            if results[asked[0]] != before {
                distrust(&info)
                waiting = Array(doubted.dropFirst()) + waiting
            } else {
                listWorked(&info)
            }
            doubted = []
        } else {
            // Perhaps silent on a list, but not on this.
            info.learned.readLists.noteAnswerWithout()
            info.learned.access.noteAnswerWithout()
        }
    }

    /// The server refused the list in progress: its attributes are read in shorter lists, or one by one.
    mutating func listRefused(_ info: inout AssociationInfo) {
        if asksByAccess {
            info.learned.access = .refused
        } else if info.learned.longestList > 1, info.learned.longestList < asked.count {
            info.learned.listMaximum = info.learned.longestList
        } else {
            info.learned.readLists = .refused
        }
        askAgain()
    }

    /// What was asked for is to be asked for again, in another way.
    mutating func askAgain() {
        waiting = asked + waiting
        asked = []
    }

    private mutating func listWorked(_ info: inout AssociationInfo) {
        if asksByAccess {
            info.learned.access = .works
        } else {
            info.learned.readLists = .works
            info.learned.listWorked(lastListLength)
        }
    }

    /// Items of the list failed that do not fail alone: the list was too long, or lists do not work.
    private mutating func distrust(_ info: inout AssociationInfo) {
        let good = lastListLength - doubted.count
        if asksByAccess {
            info.learned.access = .refused
        } else if good > 1, doubted == Array(lastList.suffix(doubted.count)) {
            info.learned.listMaximum = good
            info.learned.readLists = .works
            info.learned.listWorked(good)
        } else {
            info.learned.readLists = .refused
        }
    }

    /// Adds attributes to the first one as long as list, request and agreement allow.
    private mutating func pack(_ info: AssociationInfo, _ settings: AssociationSettings) {
        let usesLists = info.lists == .untried || info.lists == .works
        asksByAccess = !usesLists && info.mayReadByAccess(settings)
        lastList = []
        guard usesLists || asksByAccess, isListable(asked[0]) else { return }
        // Tag, choice, invoke-id and a count of up to three octets; ACCESS has a longer id, and a second list of nulls.
        var length = asksByAccess ? 13 : 6
        func octets(_ index: Int) -> Int { requests[index].octets.count + (asksByAccess ? 1 : 0) }
        length += octets(asked[0])
        let longest = info.learned.listLength(settings.maximumListLength)
        while let candidate = waiting.first, asked.count < longest, isListable(candidate) {
            length += octets(candidate)
            if length > info.requestLimit { break }
            asked.append(candidate)
            waiting.removeFirst()
        }
        if asked.count == 1 { asksByAccess = false }
        lastList = asked
    }

    /// Long values are read alone: profile buffers (class 7) and object lists (classes 12 and 15), and all selections.
    private func isListable(_ index: Int) -> Bool {
        let request = requests[index]
        let isLong = request.descriptor.attributeID == 2 && [7, 12, 15].contains(request.descriptor.classID)
        return request.selectiveAccess == nil && !isLong
    }

    private func suspects(_ indices: [Int], _ results: [GetResult]) -> [Int] {
        var failed: [Int] = []
        var suspicious: [Int] = []
        for (index, result) in zip(indices, results) {
            guard case .failure(let reason) = result else { continue }
            failed.append(index)
            if Self.mayComeFromList.contains(reason) { suspicious.append(index) }
        }
        return failed.count == indices.count ? failed : suspicious
    }

    /// Reasons that may be about the list instead of the attribute.
    private static let mayComeFromList: Set<DataAccessResult> = [
        .scopeOfAccessViolated, .dataBlockUnavailable, .longGetAborted, .otherReason,
    ]
}
