// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Where a value comes from, the strongest first.
public enum SettingOrigin: Hashable, Sendable, CustomStringConvertible {
    /// An option of the command line.
    case flag(String)
    /// A variable of the environment.
    case environment(String)
    /// A file that a variable of the environment names.
    case environmentFile(String, path: String)
    /// A credential of systemd.
    case credential(String)
    /// A line of the file of settings.
    case file(String, line: Int, column: Int)
    /// Nobody has set it.
    case usual

    /// The place in words that its owner can go to.
    public var description: String {
        switch self {
        case .flag(let name): name
        case .environment(let name): name
        case .environmentFile(let name, let path): "\(path), by \(name)"
        case .credential(let name): "credential \(name)"
        case .file(let path, let line, let column): "\(path):\(line):\(column)"
        case .usual: "default"
        }
    }
}

/// A value and where it comes from.
public struct SettingValue: Hashable, Sendable, CustomStringConvertible {
    /// The value as a text.
    public let text: String
    /// Where it comes from.
    public let origin: SettingOrigin

    /// Pairs a value with its origin.
    public init(_ text: String, _ origin: SettingOrigin) {
        self.text = text
        self.origin = origin
    }

    /// Where it comes from, without the value, which may be a secret.
    public var description: String { "(\(origin))" }
}

/// What is wrong with a setting, and where; never repeats a secret.
public struct SettingFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where it stands; nil when it stands nowhere.
    public let origin: SettingOrigin?
    /// What is wrong, and what would be right.
    public let text: String

    /// Tells a fault.
    public init(_ origin: SettingOrigin?, _ text: String) {
        self.origin = origin
        self.text = text
    }

    /// The place and the fault, as compilers write them.
    public var description: String { origin.map { "\($0): \(text)" } ?? text }
}
