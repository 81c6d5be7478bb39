//! Every sentence of the pages, in both languages side by side, so that none exists in one only.

use crate::language::Language;

/// Makes the struct and its two values from one table.
macro_rules! texts {
    ($($name:ident: $english:literal, $chinese:literal;)*) => {
        /// The sentences in one language.
        #[derive(Debug)]
        pub(crate) struct Texts {
            $(pub(crate) $name: &'static str,)*
        }

        static ENGLISH: Texts = Texts { $($name: $english,)* };
        static CHINESE: Texts = Texts { $($name: $chinese,)* };

        #[cfg(test)]
        const ALL: &[(&str, &str, &str)] = &[$((stringify!($name), $english, $chinese),)*];
    };
}

texts! {
    // Around every page.
    tag: "en", "zh-CN";
    other_tag: "zh-CN", "en";
    other_language: "中文", "English";
    product_line: "Seats and who uses them", "席位与使用情况";
    organisation: "Organisation", "企业";
    name: "Name", "姓名";
    user_number: "User number", "用户编号";

    // Start.
    start_title: "Usher", "Usher";
    operator_title: "Sign in as operator", "运维登录";
    operator_lead: "An operator looks after every organisation on this server. People sign in with their sign-in name and password instead.", "运维人员管理此服务器上的所有企业。普通人员请使用登录名和密码登录。";
    operator_token: "Operator token", "运维令牌";
    operator_wrong: "This is no operator token, or it is not good any more.", "不是运维令牌，或已失效。";
    operator_help: "On the server, this command makes one:", "在服务器上用以下命令生成令牌：";
    operator_leave: "Sign out as operator", "退出运维登录";
    organisations_title: "Choose an organisation", "选择企业";
    organisations_search: "Name or key", "名称或标识";
    organisations_button: "Show", "显示";
    organisations_nothing: "Nothing fits.", "没有符合条件的企业。";
    organisations_next: "Next page", "下一页";
    start_lead: "Usher keeps the seats of your organisation: who holds one, who may enter an application, and when it was last used.", "Usher 管理企业的席位：谁拥有席位，谁可以进入应用，以及最近一次使用的时间。";
    start_console: "Console: seats and who uses them", "控制台：席位与使用情况";
    start_account: "Your account", "我的账号";
    start_health: "Is the server ready?", "服务器是否就绪？";
    start_documentation: "API documentation", "API 文档";

    // Signing in.
    sign_in_title: "Sign in", "登录";
    sign_in_to_before: "to continue to ", "以继续使用“";
    sign_in_to_after: "", "”";
    sign_in_at_before: "Organisation: ", "企业：";
    sign_in_organisation_hint: "The key your administrator gave you", "管理员提供的企业标识";
    sign_in_name: "Sign-in name or user number", "登录名或用户编号";
    sign_in_password: "Password", "密码";
    sign_in_button: "Sign in", "登录";
    sign_in_help: "No password yet, or forgotten? Ask an administrator of your organisation for a one\u{2011}time link.", "还没有密码或忘记密码？请向企业管理员索取一次性链接。";
    sign_in_wrong: "That did not match. Check the organisation, the name and the password, and try again.", "登录信息不匹配。请检查企业、登录名和密码后重试。";
    sign_in_other_organisation: "You are signed in to another organisation. Sign in to this one to continue.", "您当前登录的是另一家企业。请登录该企业以继续。";
    slow_before: "Too many attempts. Try again in ", "尝试次数过多，请在 ";
    slow_after: " seconds.", " 秒后重试。";
    done_password: "Your password is set. Sign in with it now.", "密码已设置，请使用新密码登录。";
    done_signed_out: "You are signed out.", "您已退出登录。";

    // The second factor.
    digits_title: "One more step", "还差一步";
    digits_lead: "Enter the six digits that your authenticator app shows now.", "请输入验证器应用当前显示的六位数字。";
    digits_label: "Six digits", "六位数字";
    digits_button: "Continue", "继续";
    digits_wrong: "Those digits do not match, or were used already. Wait for the next ones and try again.", "数字不正确或已被使用。请等待新的数字后重试。";
    digits_help: "Lost the device? An administrator can make you a one\u{2011}time link that takes the second factor away.", "设备丢失？管理员可以为您生成一次性链接以移除第二验证因素。";

    // Consent.
    consent_title: "Allow access?", "是否授权？";
    consent_asks: " asks to act for you", " 请求代表您进行操作";
    consent_as_before: "You are signed in as ", "当前登录：";
    consent_new: "It will be able to", "它将可以";
    consent_already: "You have allowed it before to", "您之前已允许它";
    consent_nothing: "learn your name and your number in this organisation", "获知您的姓名以及您在该企业的编号";
    consent_foreign: "This program is made by another organisation. Your organisation has installed it.", "该程序由其他企业开发，您的企业已安装它。";
    consent_sent_to: "You will be sent to", "您将被带往";
    consent_allow: "Allow", "允许";
    consent_deny: "Refuse", "拒绝";
    consent_end: "Allow only what you expect. What you allow lasts until it is taken back; an administrator can do that at any time.", "请仅允许您预期的操作。授权在被收回之前一直有效，管理员可随时收回。";
    consent_switch: "Use another account", "使用其他账号";

    // Choosing a password.
    choose_title: "Choose a password", "设置密码";
    choose_for_before: "For ", "用户：";
    choose_sign_in_with: "You will sign in with", "您将使用以下信息登录";
    choose_rules: "At least 15 characters; a few unrelated words do well. No other rules.", "至少 15 个字符；几个互不相关的词语即可。没有其他要求。";
    choose_password: "New password", "新密码";
    choose_again: "The same again", "再次输入";
    choose_button: "Set the password", "设置密码";
    choose_remove: "I have lost my authenticator device: take the second factor away", "我的验证设备已丢失：移除第二验证因素";
    choose_short: "Shorter than 15 characters. Make it longer, for example with another word.", "少于 15 个字符，请加长，例如再加一个词语。";
    choose_long: "Longer than 128 characters. Make it shorter.", "超过 128 个字符，请缩短。";
    choose_guessable: "Easy to guess: mostly repetitions, common words or names. Choose something else.", "容易被猜到：多为重复、常见词语或姓名，请另选一个。";
    choose_different: "The two are not the same. Type both again.", "两次输入不一致，请重新输入。";

    // Changing one's own password.
    change_title: "Change your password", "修改密码";
    change_lead: "Everywhere else where you are signed in you will be signed out.", "修改后，您在其他浏览器中的登录将全部失效。";
    change_current: "The password you have now", "当前密码";
    change_button: "Change the password", "修改密码";
    change_wrong: "The current password does not match. Nothing was changed.", "当前密码不正确，未做任何更改。";
    change_same: "The new password is the one you have. Choose another.", "新密码与当前密码相同，请另选一个。";

    // The account.
    account_title: "Your account", "我的账号";
    account_administrator: "System administrator", "系统管理员";
    account_console: "Open the console", "打开控制台";
    account_role: "Role", "角色";
    account_member: "Member", "成员";
    account_password: "Password", "密码";
    account_password_on: "You sign in with a password.", "您使用密码登录。";
    account_password_off: "You have no password here. An administrator of your organisation can give you a one\u{2011}time link to choose one.", "您尚未设置密码。企业管理员可以为您生成一次性链接以设置密码。";
    account_password_change: "Change your password", "修改密码";
    account_password_changed: "Your password is changed, and you are signed out everywhere else.", "密码已修改，您在其他浏览器中的登录已失效。";
    account_second: "Second factor", "第二验证因素";
    account_second_on: "On: you are asked for six digits when you sign in.", "已启用：登录时需要输入六位数字。";
    account_second_off: "Off: a password is all that is asked for.", "未启用：登录时仅需密码。";
    account_second_add: "Set up an authenticator app", "设置验证器应用";
    account_second_remove: "Take it away", "移除";
    account_second_remove_lead: "Enter the six digits of the app to take it away.", "输入应用显示的六位数字以移除。";
    account_sign_out: "Sign out", "退出登录";

    // Setting up the second factor.
    enrol_title: "Set up an authenticator app", "设置验证器应用";
    enrol_scan: "Scan this picture with an authenticator app, or type the key into it.", "使用验证器应用扫描下图，或在应用中手动输入密钥。";
    enrol_picture: "Picture of the key for an authenticator app", "验证器应用的密钥二维码";
    enrol_key: "Key", "密钥";
    enrol_address: "Address", "地址";
    enrol_confirm: "Then enter the six digits that the app shows.", "然后输入应用显示的六位数字。";
    enrol_button: "Turn on", "启用";
    back: "Back", "返回";

    // An organisation's own identity provider.
    provider_title: "Sign in through your organisation", "通过企业身份登录";
    provider_lead: "Some organisations let their people sign in with the account they use everywhere else.", "部分企业允许成员使用统一的企业账号登录。";
    provider_known: "Your organisation has its own sign-in.", "您的企业有自己的登录方式。";
    provider_go_before: "Sign in with ", "使用“";
    provider_go_after: "", "”登录";
    provider_any: "Sign in through your organisation instead", "改用企业身份登录";
    provider_continue: "Continue", "继续";
    provider_password: "Sign in with a password", "使用密码登录";
    provider_missing: "There is no such sign-in for this organisation. Check the key, or use a password.", "该企业没有此登录方式。请检查企业标识，或使用密码登录。";
    provider_unlinked_title: "This account is not linked yet", "该账号尚未关联";
    provider_unlinked: "You are known there, but not which person you are here. Sign in with your password once, open your account page and link this account there. From then on no password is needed. Without a password, ask an administrator of your organisation for a one\u{2011}time link.", "身份提供方已确认您的身份，但尚不知道您对应这里的哪位用户。请先用密码登录一次，在“我的账号”页面关联此账号，之后便无需密码。如果没有密码，请向企业管理员索取一次性链接。";
    provider_back: "Back to where you came from", "返回之前的页面";
    provider_account_at: "Account at ", "账号所在：";
    provider_link_title: "Link this account?", "关联此账号？";
    provider_link_lead: "Whoever signs in with the account below will be signed in as you. Link it only if it is yours.", "使用下列账号登录的人将以您的身份登录。请仅在该账号属于您本人时关联。";
    provider_link_button: "Link", "关联";
    provider_section: "Sign-in with ", "登录方式：";
    provider_on: "Linked: you can sign in there without a password of ours.", "已关联：您可以在那里登录，无需本系统密码。";
    provider_off: "Not linked.", "未关联。";
    provider_link: "Link your account there", "关联您在那里的账号";
    provider_unlink: "Take the link away", "取消关联";
    provider_taken: "That account is linked with somebody else here. Nothing was changed.", "该账号已与其他用户关联，未做任何更改。";

    // What went wrong.
    problem_code: "Code", "错误码";
    problem_detail: "Detail", "详情";
    problem_log_id: "Log ID", "日志编号";
    problem_for_developers: "For whoever looks after the program", "供程序维护者参考";
    problem_start: "Go to the start page", "前往起始页";
    problem_redirect_title: "This program is not known here", "无法识别该程序";
    problem_redirect: "Either no such program is registered, or it asks for you to be sent to an address that is not registered for it. You were not sent there.", "该程序未注册，或者它要求跳转到未注册的地址。未进行跳转。";
    problem_scope_title: "This program asks for too much", "该程序请求的权限过多";
    problem_scope: "It asks for something that it has not been opened for. Nothing was allowed.", "它请求了尚未开通的权限。未授予任何权限。";
    problem_disabled_title: "This program is switched off", "该程序已停用";
    problem_disabled: "An administrator has switched it off.", "管理员已停用该程序。";
    problem_installed_title: "This program is not installed", "该程序未安装";
    problem_installed: "Your organisation has not installed it. An administrator of your organisation can.", "您的企业尚未安装该程序，请联系企业管理员安装。";
    problem_request_title: "This request cannot be read", "无法识别该请求";
    problem_request: "The address that brought you here is incomplete or malformed.", "将您带到此处的地址不完整或格式有误。";
    problem_form_title: "This form is too old", "表单已过期";
    problem_form: "It was not made for this browser, or you have signed in or out since. Nothing was changed. Go back, load the page again and repeat.", "该表单不属于此浏览器，或在此期间您已登录或退出。未做任何更改。请返回并重新加载页面后重试。";
    problem_provider_missing_title: "No such sign-in", "没有此登录方式";
    problem_provider_missing: "This organisation has no sign-in of its own, or it has just been changed. Use a password, or begin anew.", "该企业没有自己的登录方式，或其设置刚刚变更。请使用密码登录，或重新开始。";
    problem_provider_answer_title: "Not expected here", "意外的应答";
    problem_provider_answer: "This answer was not asked for by this browser, or it comes too late. Nobody was signed in. Begin anew.", "该应答并非由此浏览器请求，或已超时。未进行登录，请重新开始。";
    problem_provider_refused_title: "You were not signed in there", "身份提供方未完成登录";
    problem_provider_refused: "Your organisation's sign-in ended without an answer about you. Begin anew, or use a password.", "企业身份登录未能完成。请重新开始，或使用密码登录。";
    problem_provider_failed_title: "Your organisation's sign-in does not work just now", "企业身份登录暂不可用";
    problem_provider_failed: "It could not be reached, or it gave an answer that cannot be trusted. Nobody was signed in. Try again, or use a password. An administrator finds the reason in the log.", "无法连接企业身份提供方，或其应答不可信。未进行登录。请重试或使用密码登录。管理员可在日志中查找原因。";
    problem_link_title: "This link is over", "链接已失效";
    problem_link: "It works once and for 30 minutes. Ask for another one.", "链接仅可使用一次，有效期 30 分钟。请重新索取。";
    problem_administrator_title: "For system administrators", "仅限系统管理员";
    problem_administrator: "The console shows who uses what in your organisation, so only its system administrators may open it. Ask one of them, or sign out and sign in as somebody else.", "控制台显示企业成员的使用情况，仅系统管理员可以打开。请联系企业的系统管理员，或退出后使用其他账号登录。";
    problem_busy_title: "Busy just now", "服务器繁忙";
    problem_busy: "Nothing was changed. Try again in a moment.", "未做任何更改，请稍后重试。";
    problem_store_title: "The database does not answer", "数据库没有响应";
    problem_store: "Usher cannot reach its database just now, or the database has too much to do. Nothing was changed. Try again in a moment; if it stays so, whoever looks after this server finds the cause in its log under the number below.", "Usher 暂时无法访问数据库，或数据库负载过高。未做任何更改，请稍后重试；如持续出现，服务器管理员可凭下方编号在日志中查到原因。";
    problem_internal_title: "Something went wrong", "出现错误";
    problem_internal: "It is our fault, not yours. The log ID below helps an administrator to find out.", "这是服务器的问题。管理员可通过下方日志编号查找原因。";
}

impl Texts {
    /// The sentences in a language.
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Chinese => &CHINESE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_is_in_its_own_language() {
        let chinese = |text: &str| {
            text.chars()
                .any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character))
        };
        for (name, in_english, in_chinese) in ALL {
            if [
                "tag",
                "other_tag",
                "other_language",
                "start_title",
                "sign_in_to_after",
                "provider_go_after",
            ]
            .contains(name)
            {
                continue;
            }
            assert!(
                !chinese(in_english) && !in_english.is_empty(),
                "{name}: {in_english}"
            );
            assert!(chinese(in_chinese), "{name}: {in_chinese}");
        }
    }
}
