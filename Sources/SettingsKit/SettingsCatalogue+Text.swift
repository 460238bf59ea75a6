// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension SettingsCatalogue {
    /// The documentation of the settings as tables of Markdown.
    public var markdown: String {
        sections.map { section in
            let rows = section.settings.map { setting in
                "| `\(path(of: setting))` | \(words(setting).replacing("|", with: "\\|")) | \(cell(setting)) |"
            }
            return (["### \(section.title)", "", "| setting | what | default |", "|---|---|---|"] + rows)
                .joined(separator: "\n")
        }
        .joined(separator: "\n\n") + "\n"
    }

    /// The documentation of the settings as text for people, at most 80 columns wide.
    public var plainText: String {
        sections.map { section in
            let entries = section.settings.map { setting in
                "  \(path(of: setting))\n" + Self.wrapped(words(setting) + ". Default: \(setting.usualText).")
            }
            return ([section.title.uppercased()] + entries).joined(separator: "\n")
        }
        .joined(separator: "\n\n") + "\n"
    }

    private func words(_ setting: Setting) -> String {
        switch setting.form {
        case .word(let words): "\(setting.summary): \(words.joined(separator: ", "))"
        default: setting.summary
        }
    }

    private func cell(_ setting: Setting) -> String {
        setting.usualWords ?? setting.usual.map { "`\($0)`" } ?? "none"
    }

    private static func wrapped(_ text: String) -> String {
        var lines = ["     "]
        for word in text.split(separator: " ") {
            if lines[lines.count - 1].count + word.count + 1 > 79 { lines.append("     ") }
            lines[lines.count - 1] += " \(word)"
        }
        return lines.joined(separator: "\n")
    }
}
