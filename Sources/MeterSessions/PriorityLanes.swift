// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A queue in which a higher priority goes first, and equals in the order of their arrival.
struct PriorityLanes<Element> {
    /// The highest priority.
    static var highest: UInt8 { 9 }

    private var lanes: [[Element]] = Array(repeating: [], count: Int(highest) + 1)
    /// How many elements wait.
    private(set) var count = 0

    /// Whether nothing waits.
    var isEmpty: Bool { count == 0 }

    /// All elements, the next one first.
    var elements: [Element] { lanes.reversed().flatMap { $0 } }

    /// Adds an element behind its equals; priorities above 9 count as 9.
    mutating func append(_ element: Element, priority: UInt8) {
        lanes[Int(min(priority, Self.highest))].append(element)
        count += 1
    }

    /// Puts an element back before its equals.
    mutating func prepend(_ element: Element, priority: UInt8) {
        lanes[Int(min(priority, Self.highest))].insert(element, at: 0)
        count += 1
    }

    /// Takes the next element.
    mutating func popFirst() -> Element? {
        guard let lane = lanes.lastIndex(where: { !$0.isEmpty }) else { return nil }
        count -= 1
        return lanes[lane].removeFirst()
    }

    /// Takes out all elements of a kind.
    mutating func remove(where matches: (Element) -> Bool) -> [Element] {
        var removed: [Element] = []
        for lane in lanes.indices {
            removed += lanes[lane].filter(matches)
            lanes[lane].removeAll(where: matches)
        }
        count -= removed.count
        return removed
    }
}
