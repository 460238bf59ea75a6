// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Takes from a script or a style sheet what only its readers need: comments, indentation, and blanks beside signs.
///
/// The files of the console are written to be read, in short lines and with comments, and browsers get them without. Nothing is renamed and nothing is moved, so a stack trace still names what the sources name.
/// Ends of lines stay where a script could mean something by them; strings, template literals and regular expressions stay as they are.
struct LeanText {
    private enum Language { case script, style }

    private let octets: [UInt8]
    private let language: Language
    private var place = 0
    private var lean: [UInt8] = []
    /// A blank or the end of a line that was read and is written only if what follows needs it.
    private var gap: UInt8?
    /// For each template literal that is open: how many braces of code are open in it.
    private var templates: [Int] = []

    /// The file as browsers get it; of a type that is neither a script nor a style sheet as it is.
    static func of(_ octets: [UInt8], type: String) -> [UInt8] {
        let language: Language
        if type.hasPrefix("text/javascript") {
            language = .script
        } else if type.hasPrefix("text/css") {
            language = .style
        } else {
            return octets
        }
        var text = LeanText(octets, language)
        text.read()
        return text.lean
    }

    private init(_ octets: [UInt8], _ language: Language) {
        self.octets = octets
        self.language = language
        lean.reserveCapacity(octets.count)
    }

    private mutating func read() {
        while place < octets.count {
            let octet = octets[place]
            switch octet {
            case UInt8(ascii: "\n"): gap = octet
            case UInt8(ascii: " "): if gap == nil { gap = octet }
            case UInt8(ascii: "/") where next == UInt8(ascii: "*"): skipComment()
            case UInt8(ascii: "/") where next == UInt8(ascii: "/") && language == .script: skipLine()
            case UInt8(ascii: "/") where language == .script && beginsExpression: copyExpression()
            case UInt8(ascii: "'"), UInt8(ascii: "\""): copyString(until: octet)
            case UInt8(ascii: "`"): copyTemplate()
            case UInt8(ascii: "{") where !templates.isEmpty:
                templates[templates.count - 1] += 1
                write(octet)
            case UInt8(ascii: "}") where templates.last == 0:
                templates.removeLast()
                copyTemplate()
            case UInt8(ascii: "}") where !templates.isEmpty:
                templates[templates.count - 1] -= 1
                write(octet)
            default: write(octet)
            }
            place += 1
        }
        if gap == UInt8(ascii: "\n") { lean.append(UInt8(ascii: "\n")) }
    }

    private var next: UInt8? { place + 1 < octets.count ? octets[place + 1] : nil }

    /// Writes an octet of code, and before it the gap if it means something.
    private mutating func write(_ octet: UInt8) {
        if let gap, let before = lean.last, isNeeded(gap, between: before, and: octet) { lean.append(gap) }
        gap = nil
        lean.append(octet)
    }

    private func isNeeded(_ gap: UInt8, between before: UInt8, and after: UInt8) -> Bool {
        switch (language, gap) {
        case (.style, _):
            // A blank before a colon or a bracket tells one selector from another.
            return !Self.styleSigns.contains(before) && !Self.styleSigns.contains(after) && before != UInt8(ascii: ":")
        case (.script, UInt8(ascii: "\n")):
            // Between other signs the end of a line may be the end of a statement.
            return !Self.openers.contains(before) && !Self.closers.contains(after)
        case (.script, _):
            if before == after, before == UInt8(ascii: "+") || before == UInt8(ascii: "-") { return true }
            return !Self.scriptSigns.contains(before) && !Self.scriptSigns.contains(after)
        }
    }

    private static let styleSigns = Set("{};,>".utf8)
    private static let openers = Set("{([,;".utf8)
    private static let closers = Set("})]".utf8)
    private static let scriptSigns = Set("{}()[];,:=<>&|?!*%+-".utf8)

    private mutating func skipLine() {
        while let after = next, after != UInt8(ascii: "\n") { place += 1 }
    }

    private mutating func skipComment() {
        place += 2
        while place + 1 < octets.count, octets[place] != UInt8(ascii: "*") || octets[place + 1] != UInt8(ascii: "/") {
            place += 1
        }
        place += 1
        if gap == nil { gap = UInt8(ascii: " ") }
    }

    /// Whether a slash here begins a regular expression: a division follows a name, a number or a closing bracket.
    private var beginsExpression: Bool {
        guard let before = lean.last else { return true }
        return before != UInt8(ascii: ")") && before != UInt8(ascii: "]")
            && (Self.scriptSigns.contains(before) || lean.suffix(6).elementsEqual("return".utf8))
    }

    private mutating func copyString(until quote: UInt8) {
        write(quote)
        copy { $0 == quote }
    }

    private mutating func copyExpression() {
        write(octets[place])
        var isInClass = false
        copy { octet in
            if octet == UInt8(ascii: "[") { isInClass = true }
            if octet == UInt8(ascii: "]") { isInClass = false }
            return octet == UInt8(ascii: "/") && !isInClass
        }
    }

    /// Copies a template literal up to its end or to the code in it; the place is at its back quote, or at the end of such code.
    private mutating func copyTemplate() {
        write(octets[place])
        while place + 1 < octets.count {
            place += 1
            lean.append(octets[place])
            switch octets[place] {
            case UInt8(ascii: "\\") where place + 1 < octets.count:
                place += 1
                lean.append(octets[place])
            case UInt8(ascii: "`"): return
            case UInt8(ascii: "$") where next == UInt8(ascii: "{"):
                place += 1
                lean.append(octets[place])
                templates.append(0)
                return
            default: break
            }
        }
    }

    /// Copies what follows as it is, up to and with the octet that ends it and has no backslash before it.
    private mutating func copy(until isEnd: (UInt8) -> Bool) {
        while place + 1 < octets.count {
            place += 1
            lean.append(octets[place])
            if octets[place] == UInt8(ascii: "\\"), place + 1 < octets.count {
                place += 1
                lean.append(octets[place])
            } else if isEnd(octets[place]) {
                return
            }
        }
    }
}
