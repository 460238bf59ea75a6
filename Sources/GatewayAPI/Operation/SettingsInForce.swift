// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText

/// The settings that the gateway works with, and where each comes from; secrets are masked before they get here.
public struct SettingsInForce: Sendable {
    /// Where a value comes from.
    public enum Origin: String, Sendable {
        /// An option of the command line.
        case flag
        /// A variable of the environment, or the file that it names.
        case environment
        /// A credential of the service manager.
        case credential
        /// The file of settings, or a file that it names.
        case file
        /// Nobody has set it.
        case usual = "default"
    }

    /// One setting.
    public struct Entry: Sendable {
        /// Its name, as in the file: `log.level`.
        public let name: String
        /// Its value; null where it has none, `***` where nobody may see it.
        public let value: JSONValue
        /// Where the value comes from.
        public let origin: Origin
        /// The place to go to: an option, a variable, a line of the file; nil for a default.
        public let place: String?
        /// Whether it was set anew and waits for a restart; ``value`` is still the old one.
        public let waitsForRestart: Bool

        /// Describes a setting.
        public init(name: String, value: JSONValue, origin: Origin, place: String?, waitsForRestart: Bool) {
            self.name = name
            self.value = value
            self.origin = origin
            self.place = place
            self.waitsForRestart = waitsForRestart
        }
    }

    /// The file of settings; nil where there is none.
    public let file: String?
    /// All settings, in the order of the documentation.
    public let entries: [Entry]

    /// Lists settings.
    public init(file: String? = nil, entries: [Entry] = []) {
        self.file = file
        self.entries = entries
    }
}
