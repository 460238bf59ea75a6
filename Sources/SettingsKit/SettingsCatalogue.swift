// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText

/// All that may be set; flags, variables, the file, its schema and its documentation come from here.
public struct SettingsCatalogue: Sendable {
    /// Settings that belong together.
    public struct Section: Sendable {
        /// What they are about.
        public let title: String
        /// The settings, in the order of the documentation.
        public let settings: [Setting]

        /// Groups settings.
        public init(_ title: String, _ settings: [Setting]) {
            self.title = title
            self.settings = settings
        }
    }

    /// The settings by what they are about.
    public let sections: [Section]
    /// All settings in one row.
    public let settings: [Setting]
    private let byKey: [String: Setting]

    /// Makes a catalogue.
    public init(_ sections: [Section]) {
        self.sections = sections
        settings = sections.flatMap(\.settings)
        byKey = Dictionary(settings.map { ($0.key, $0) }) { first, _ in first }
    }

    /// The setting that code asks for under that key.
    public func setting(_ key: String) -> Setting? { byKey[key] }

    /// The setting that an option, a variable or a key names.
    public func named(_ name: String) -> Setting? {
        byKey[name] ?? settings.first { $0.flag == name || $0.flag == "--\(name)" || $0.variable == name }
    }

    /// Where the file has a setting: its key, or a member of the group that its key also names.
    public func path(of setting: Setting) -> String {
        guard let member = setting.memberInGroup else { return setting.key }
        return "\(setting.key).\(member)"
    }

    /// The setting at a place of the file; `hasFile` tells that the place names a file that has the value.
    func setting(atPath path: String) -> (setting: Setting, isNameOfFile: Bool)? {
        if let setting = byKey[path] { return (setting, false) }
        for setting in settings {
            if self.path(of: setting) == path { return (setting, false) }
            guard setting.isSecret else { continue }
            if self.path(of: setting) + "File" == path || setting.key + "File" == path { return (setting, true) }
        }
        return nil
    }

    /// Whether a place of the file holds other settings.
    func isGroup(_ path: String) -> Bool {
        settings.contains { self.path(of: $0).hasPrefix(path + ".") }
    }

    /// What a place that is not known was most likely meant to be.
    func nearestPath(_ path: String) -> String? {
        let paths = settings.map { self.path(of: $0) } + settings.map(\.key)
        if let near = nearest(path, in: paths) { return near }
        // The right name in the wrong group, or a group that is misspelt.
        let last = path.split(separator: ".").last.map(String.init) ?? path
        let candidates = paths.filter { $0.split(separator: ".").last.map(String.init) == last }
        if candidates.count == 1 { return candidates[0] }
        let groups = Set(paths.compactMap { $0.contains(".") ? String($0.prefix { $0 != "." }) : nil }).sorted()
        return nearest(path, in: groups)
    }

    /// The names that variables of the environment may have.
    var variables: [String] {
        settings.map(\.variable) + settings.filter(\.isSecret).map { $0.variable + "_FILE" }
    }
}
