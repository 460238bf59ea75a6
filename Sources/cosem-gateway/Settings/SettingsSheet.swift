// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import SettingsKit

/// The settings in force as a YAML file that would set them.
struct SettingsSheet {
    let sources: SettingsSources
    /// Whether each line says where its value comes from.
    let tellsOrigin: Bool

    /// The file; what has no value stands in it as a comment.
    var text: String {
        let catalogue = sources.catalogue
        var groups: [(name: String, lines: [String])] = []
        for setting in catalogue.settings {
            let path = catalogue.path(of: setting).split(separator: ".", maxSplits: 1).map(String.init)
            let group = path.count == 2 ? path[0] : ""
            let place = groups.firstIndex { $0.name == group } ?? groups.endIndex
            if place == groups.endIndex { groups.append((group, [])) }
            let indent = group.isEmpty ? "" : "  "
            groups[place].lines += lines(setting, name: path[path.count - 1], indent: indent)
        }
        return groups.flatMap { group in
            guard !group.name.isEmpty else { return group.lines }
            let hasValues = group.lines.contains { !$0.hasPrefix("  #") }
            return [hasValues ? "\(group.name):" : "# \(group.name):"]
                + (hasValues ? group.lines : group.lines.map { "# \($0.dropFirst(2))" })
        }
        .joined(separator: "\n") + "\n"
    }

    private func lines(_ setting: Setting, name: String, indent: String) -> [String] {
        let value = sources.values[setting.key]
        let origin = tellsOrigin ? "  # \(value?.origin ?? .usual)" : ""
        guard let text = value?.text ?? setting.usual else {
            return ["\(indent)# \(name): \(setting.usualText)\(origin)"]
        }
        return ["\(indent)\(name): \(Self.scalar(setting.shown(text), setting.form))\(origin)"]
    }

    private static func scalar(_ text: String, _ form: Setting.Form) -> String {
        switch form {
        case .number, .flag, .word, .duration: text
        default: "'\(text.replacing("'", with: "''"))'"
        }
    }
}
