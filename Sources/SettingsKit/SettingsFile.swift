// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Yams

/// What a YAML file of settings says, with the line of each value.
struct SettingsFile {
    /// Values by the keys of their settings.
    private(set) var values: [String: SettingValue] = [:]
    /// Names of files that have secrets, by the keys of their settings.
    private(set) var files: [String: SettingValue] = [:]
    /// Everything that is wrong with the file, in its order.
    private(set) var faults: [SettingFault] = []

    private let name: String
    private let catalogue: SettingsCatalogue

    /// Reads the text of a file; the name only tells where faults are.
    init(_ text: String, name: String, catalogue: SettingsCatalogue) {
        self.name = name
        self.catalogue = catalogue
        do {
            guard let root = try Yams.compose(yaml: text) else { return }
            // A file of nothing but comments.
            if case .scalar(let scalar) = root, scalar.string.isEmpty { return }
            guard case .mapping(let mapping) = root else {
                fault(root, "write settings as NAME: VALUE, one in a line")
                return
            }
            read(mapping, path: "")
        } catch {
            refuse(error)
        }
    }

    private mutating func read(_ mapping: Node.Mapping, path: String) {
        for (name, node) in mapping {
            guard case .scalar(let word) = name else {
                fault(name, "the name of a setting is a word")
                continue
            }
            let place = path.isEmpty ? word.string : "\(path).\(word.string)"
            if case .mapping(let members) = node, catalogue.isGroup(place) {
                read(members, path: place)
                continue
            }
            guard let (setting, isNameOfFile) = catalogue.setting(atPath: place) else {
                if catalogue.isGroup(place) {
                    if case .scalar(let scalar) = node, scalar.string.isEmpty { continue }
                    fault(node, "\(place) takes settings of its own, indented below it")
                } else {
                    let meant = catalogue.nearestPath(place).map { "; did you mean \($0)?" } ?? ""
                    fault(name, "there is no setting \(place)\(meant)")
                }
                continue
            }
            guard let text = text(of: node, for: setting) else { continue }
            let value = SettingValue(text, origin(node))
            if let earlier = values[setting.key] ?? files[setting.key] {
                fault(name, "\(setting.key) was set already at \(earlier.origin)")
            } else if isNameOfFile {
                files[setting.key] = value
            } else {
                values[setting.key] = value
            }
        }
    }

    private mutating func text(of node: Node, for setting: Setting) -> String? {
        switch (node, setting.form) {
        case (.scalar(let scalar), _):
            if scalar.style == .plain, ["", "~", "null"].contains(scalar.string) {
                fault(node, "\(setting.key) has no value; leave the line out for the default")
                return nil
            }
            return scalar.string
        case (.sequence(let items), .list(let separator, _)):
            return items.compactMap(\.scalar?.string).joined(separator: String(separator))
        default:
            fault(node, "\(setting.key) takes one value")
            return nil
        }
    }

    private func origin(_ node: Node) -> SettingOrigin {
        .file(name, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }

    private mutating func fault(_ node: Node, _ text: String) {
        faults.append(SettingFault(origin(node), text))
    }

    private mutating func refuse(_ error: any Error) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            faults.append(
                SettingFault(.file(name, line: mark.line, column: mark.column), "this is not YAML: \(problem)")
            )
        case .duplicatedKeysInMapping(let duplicates, let context):
            let place = SettingOrigin.file(name, line: context.mark.line, column: context.mark.column)
            faults.append(SettingFault(place, "\(duplicates.joined(separator: ", ")) stands here twice"))
        default:
            faults.append(SettingFault(.file(name, line: 1, column: 1), "this is not YAML in UTF-8"))
        }
    }
}
