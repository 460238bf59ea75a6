// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Testing
import Timekeeping

@Suite struct TimeOrderedIDTests {
    private typealias ID = TimeOrderedID<TimeOrderedIDTests>
    private typealias Generator = TimeOrderedIDGenerator<TimeOrderedIDTests>

    private let now = Timestamp(microseconds: 1_795_335_303_120_999)

    @Test func comesBackFromItsText() throws {
        let id = Generator().next(at: now)
        #expect(id.text.count == 36)
        #expect(ID(id.text) == id)
        #expect(ID(id.text.uppercased()) == id)
        #expect(id.timestamp == Timestamp(microseconds: 1_795_335_303_120_000))
    }

    @Test func hasTheBitsOfAUUIDOfVersion7() {
        let text = Array(Generator().next(at: now).text)
        #expect(String(text[0..<13]) == "01a20252-afd0")
        #expect(text[14] == "7")
        #expect("89ab".contains(text[19]))
    }

    @Test func nothingMadeInAMillisecondIsLessThanItsLeast() {
        let id = Generator().next(at: now)
        #expect(ID.least(at: now) <= id)
        #expect(ID.least(at: now).text == "01a20252-afd0-7000-8000-000000000000")
        #expect(ID.least(at: now + .milliseconds(1)) > id)
        #expect(ID.least(at: Timestamp(seconds: -1)).text == "00000000-0000-7000-8000-000000000000")
    }

    @Test func growsThoughTheClockStandsStillOrGoesBack() {
        let generator = Generator()
        var ids = (0..<10_000).map { _ in generator.next(at: now) }
        ids.append(generator.next(at: now - .seconds(100)))
        ids.append(generator.next(at: now + .seconds(100)))
        #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
        #expect(ids.map(\.text) == ids.map(\.text).sorted())
    }

    @Test func isUniqueAmongTasks() async {
        let generator = Generator()
        let all = await withTaskGroup(of: [ID].self) { group in
            for _ in 0..<8 { group.addTask { [now] in (0..<1000).map { _ in generator.next(at: now) } } }
            return await group.reduce(into: Set<ID>()) { $0.formUnion($1) }
        }
        #expect(all.count == 8000)
    }

    @Test(arguments: [
        "", "01980000-0000-7000-8000-00000000000", "01980000-0000-7000-8000-0000000000000",
        "01980000-0000-4000-8000-000000000000", "01980000-0000-7000-c000-000000000000",
        "0198000000007000800000000000000000000", "01980000-0000-7000-8000-00000000000g",
        "+1980000-0000-7000-8000-000000000000", "01980000-0000-7000-8000-000000000000-",
    ])
    func refusesAnythingElse(text: String) {
        #expect(ID(text) == nil)
    }
}
