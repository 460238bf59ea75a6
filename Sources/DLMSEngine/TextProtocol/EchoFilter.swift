// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Takes out of what a line delivers what it only hands back of what was sent over it.
///
/// Characters are of seven bits. A meter never begins before it was asked completely, so an echo comes in front of its
/// answer.
struct EchoFilter: Hashable, Sendable {
    /// What is known about the line.
    private enum Knowledge: Hashable, Sendable {
        /// Nothing: the beginning of an echo is held back until it is clear what it is.
        case open
        case echoes
        case silent
    }

    private var knowledge: Knowledge
    /// What was sent and did not come back so far.
    private var expected: ArraySlice<UInt8> = []
    private var held: [UInt8] = []

    init(_ setting: TextSignOnSettings.Echo) {
        knowledge =
            switch setting {
            case .automatic: .open
            case .always: .echoes
            case .never: .silent
            }
    }

    /// Notes what is sent; what of the message before did not come back will not come any more.
    mutating func sent(_ characters: [UInt8]) {
        held = []
        expected = knowledge == .silent ? [] : characters[...]
    }

    /// The characters that are none of an echo.
    mutating func filter(_ characters: [UInt8]) -> [UInt8] {
        // NULs wake meters up and are no part of any message.
        let characters = characters.filter { $0 != 0 }
        guard !expected.isEmpty else { return characters }
        for (index, character) in characters.enumerated() {
            guard let next = expected.first else { return Array(characters[index...]) }
            guard character == next else {
                // No echo, or one that the line has damaged, which will be taken for noise.
                let answer = (knowledge == .open ? held : []) + characters[index...]
                if knowledge == .open { knowledge = .silent }
                expected = []
                held = []
                return answer
            }
            expected.removeFirst()
            held.append(character)
            if expected.isEmpty {
                knowledge = .echoes
                held = []
            }
        }
        return []
    }
}
