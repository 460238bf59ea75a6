// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// One thing that may be set: what it is called everywhere, what it takes, and what it is without being set.
public struct Setting: Sendable {
    /// What a value looks like.
    public enum Form: Sendable {
        /// Any text; the example stands for it in help texts.
        case text(example: String)
        /// True or false.
        case flag
        /// A whole number within a range.
        case number(ClosedRange<Int>)
        /// One of a few words.
        case word([String])
        /// An ISO 8601 duration such as `PT60S`.
        case duration
        /// Words with a separator between; a sequence in the file.
        case list(separator: Character, example: String)
    }

    /// What of a value may be shown.
    public enum Secrecy: Sendable {
        /// All of it.
        case open
        /// All but the password of the URL that it is.
        case passwordOfURL
        /// Nothing.
        case whole
    }

    /// The name that code asks for, with dots between groups: `http.connections`.
    public let key: String
    /// What the value looks like.
    public let form: Form
    /// The value without being set, as a text; nil when there is none or ``usualWords`` tells it.
    public let usual: String?
    /// What is used without being set, in words, where that is no constant.
    public let usualWords: String?
    /// What may be shown of it.
    public let secrecy: Secrecy
    /// What it is for, in one sentence without a full stop.
    public let summary: String
    /// The member that has the value where the file has a mapping under the key, such as `url` of `database`.
    public let memberInGroup: String?
    /// The name of the command line's option without its dashes, where it is not made of the key.
    private let ownFlag: String?
    /// Whether the command line has an option for it.
    public let hasFlag: Bool
    /// Whether a running gateway takes a new value from SIGHUP.
    public let isReloadable: Bool

    /// Describes a setting.
    public init(
        _ key: String,
        _ form: Form,
        usual: String? = nil,
        usualWords: String? = nil,
        secrecy: Secrecy = .open,
        memberInGroup: String? = nil,
        flag: String? = nil,
        hasFlag: Bool = true,
        isReloadable: Bool = false,
        _ summary: String
    ) {
        self.key = key
        self.form = form
        self.usual = usual
        self.usualWords = usualWords
        self.secrecy = secrecy
        self.memberInGroup = memberInGroup
        ownFlag = flag
        self.hasFlag = hasFlag
        self.isReloadable = isReloadable
        self.summary = summary
    }

    /// Whether it can be kept in a file of its own, or in a credential of systemd.
    public var isSecret: Bool {
        if case .open = secrecy { false } else { true }
    }

    /// The option of the command line, with its dashes.
    public var flag: String { "--" + (ownFlag ?? Self.split(key).joined(separator: "-")) }

    /// The variable of the environment, named as the option.
    public var variable: String {
        "COSEM_GATEWAY_" + flag.dropFirst(2).replacing("-", with: "_").uppercased()
    }

    /// The credential of systemd that may have the value of a secret, a file in `$CREDENTIALS_DIRECTORY`.
    public var credential: String { Self.split(key).joined(separator: "-") }

    /// What is used without being set, for people.
    public var usualText: String { usualWords ?? usual ?? "none" }

    /// The words of a key, in lower case: `dialIn.keepAlive` has four.
    private static func split(_ key: String) -> [String] {
        var words = [""]
        for character in key {
            if character == "." {
                words.append("")
            } else if character.isUppercase {
                words.append(character.lowercased())
            } else {
                words[words.count - 1].append(character)
            }
        }
        return words
    }

    /// Why a text cannot be the value, or nil when it can as far as the form tells.
    public func objection(to text: String) -> String? {
        switch form {
        case .text, .list:
            return text.isEmpty ? "it is empty" : nil
        case .flag:
            return ["true", "false"].contains(text) ? nil : "write true or false"
        case .number(let range):
            guard let number = Int(text), range.contains(number) else {
                return range.upperBound == .max
                    ? "write a whole number of \(range.lowerBound) or more"
                    : "write a whole number from \(range.lowerBound) to \(range.upperBound)"
            }
            return nil
        case .word(let words):
            return words.contains(text) ? nil : "choose one of \(words.joined(separator: ", "))"
        case .duration:
            return text.hasPrefix("P") && text.count > 2 ? nil : "write a duration such as PT60S"
        }
    }

    /// The value as it may be shown.
    public func shown(_ text: String) -> String {
        switch secrecy {
        case .open:
            return text
        case .whole:
            return "***"
        case .passwordOfURL:
            guard let scheme = text.firstRange(of: "://") else { return "***" }
            // The last @ ends what may hold a password, which may hold an @ itself.
            guard let at = text.lastIndex(of: "@"), at >= scheme.upperBound else {
                return text.contains("password=") ? "***" : text
            }
            let account = text[scheme.upperBound..<at].prefix { $0 != ":" }
            let rest = text[at...]
            return rest.contains("password=") ? "***" : "\(text[..<scheme.upperBound])\(account):***\(rest)"
        }
    }
}
