// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A queue in which a higher priority goes first, callers of the same priority take turns, and what one caller wants is
/// done in the order of its arrival.
struct PriorityLanes<Element> {
    /// The highest priority.
    static var highest: UInt8 { 9 }

    /// What waits with one priority.
    private struct Lane {
        let priority: UInt8
        /// Callers with anything waiting; the first one is next.
        var turns: [String] = []
        /// What each of them wants.
        var wishes: [String: [Element]] = [:]

        var count: Int { wishes.values.reduce(0) { $0 + $1.count } }
        var elements: [Element] { turns.flatMap { wishes[$0] ?? [] } }
    }

    /// Lanes with anything waiting, the highest priority first.
    private var lanes: [Lane] = []
    /// How many elements wait.
    private(set) var count = 0

    /// Whether nothing waits.
    var isEmpty: Bool { count == 0 }

    /// All elements, higher priorities first, each caller's together.
    var elements: [Element] { lanes.flatMap(\.elements) }

    /// The priority of the next element; nil without any.
    var topPriority: UInt8? { lanes.first?.priority }

    /// How many elements wait with each priority, from 0 to 9.
    var lengths: [Int] {
        var lengths = [Int](repeating: 0, count: Int(Self.highest) + 1)
        for lane in lanes { lengths[Int(lane.priority)] = lane.count }
        return lengths
    }

    /// Adds an element behind the others of its caller; priorities above 9 count as 9.
    mutating func append(_ element: Element, priority: UInt8, caller: String) {
        let lane = lane(priority)
        if lanes[lane].wishes[caller, default: []].isEmpty { lanes[lane].turns.append(caller) }
        lanes[lane].wishes[caller, default: []].append(element)
        count += 1
    }

    /// Puts an element back, so that it is the next one of its priority.
    mutating func prepend(_ element: Element, priority: UInt8, caller: String) {
        let lane = lane(priority)
        lanes[lane].turns.removeAll { $0 == caller }
        lanes[lane].turns.insert(caller, at: 0)
        lanes[lane].wishes[caller, default: []].insert(element, at: 0)
        count += 1
    }

    /// Takes the next element; the turn goes to the next caller.
    mutating func popFirst() -> Element? {
        guard let caller = lanes.first?.turns.first, var wishes = lanes[0].wishes.removeValue(forKey: caller),
            !wishes.isEmpty
        else { return nil }
        lanes[0].turns.removeFirst()
        let element = wishes.removeFirst()
        count -= 1
        if !wishes.isEmpty {
            lanes[0].turns.append(caller)
            lanes[0].wishes[caller] = wishes
        } else if lanes[0].turns.isEmpty {
            lanes.removeFirst()
        }
        return element
    }

    /// Takes out all elements of a kind.
    mutating func remove(where matches: (Element) -> Bool) -> [Element] {
        var removed: [Element] = []
        for lane in lanes.indices {
            for caller in lanes[lane].turns {
                guard var wishes = lanes[lane].wishes[caller] else { continue }
                let gone = wishes.filter(matches)
                guard !gone.isEmpty else { continue }
                removed += gone
                wishes.removeAll(where: matches)
                lanes[lane].wishes[caller] = wishes.isEmpty ? nil : wishes
            }
            lanes[lane].turns.removeAll { [wishes = lanes[lane].wishes] in wishes[$0] == nil }
        }
        lanes.removeAll { $0.turns.isEmpty }
        count -= removed.count
        return removed
    }

    /// The place of a priority's lane, which is made if there is none.
    private mutating func lane(_ priority: UInt8) -> Int {
        let priority = min(priority, Self.highest)
        let place = lanes.firstIndex { $0.priority <= priority } ?? lanes.count
        if place == lanes.count || lanes[place].priority != priority {
            lanes.insert(Lane(priority: priority), at: place)
        }
        return place
    }
}
