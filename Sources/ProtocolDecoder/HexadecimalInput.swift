// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Reads octets people paste: hexadecimal digits with white space, colons, commas or hyphens between octets.
enum HexadecimalInput {
    static func octets(of text: some StringProtocol) throws(DecodeProblem) -> [UInt8] {
        var characters = Array(text.utf8)[...]
        while let first = characters.first, isSpace(first) { characters.removeFirst() }
        if characters.starts(with: [0x30, 0x78]) || characters.starts(with: [0x30, 0x58]) {
            characters.removeFirst(2)
        }
        var octets: [UInt8] = []
        octets.reserveCapacity(characters.count / 2)
        var high: UInt8?
        for (index, character) in zip(characters.indices, characters) {
            if let digit = digit(character) {
                if let first = high {
                    octets.append(first << 4 | digit)
                    high = nil
                } else {
                    high = digit
                }
            } else if !isSeparator(character) || high != nil {
                throw DecodeProblem(
                    title: "Not hexadecimal",
                    detail: high == nil
                        ? "Character \(index) is not a hexadecimal digit."
                        : "The octet before character \(index) has one digit only.",
                    offset: index,
                    hint: "Give two digits for each octet, such as C001C100."
                )
            }
        }
        guard high == nil else {
            throw DecodeProblem(
                title: "Not hexadecimal",
                detail: "The last octet has one digit only.",
                offset: characters.endIndex - 1,
                hint: "Give two digits for each octet, such as C001C100."
            )
        }
        guard !octets.isEmpty else {
            throw DecodeProblem(title: "Nothing to decode", detail: "There are no octets.", offset: 0)
        }
        return octets
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x41...0x46: character - 0x37
        case 0x61...0x66: character - 0x57
        default: nil
        }
    }

    private static func isSpace(_ character: UInt8) -> Bool {
        character == 0x20 || (0x09...0x0D).contains(character)
    }

    private static func isSeparator(_ character: UInt8) -> Bool {
        isSpace(character) || character == 0x3A || character == 0x2C || character == 0x2D
    }
}
